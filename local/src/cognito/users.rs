//! Accounts in the `User` table, read and written in process.
//!
//! Only the attributes named here are touched, since quotas live in the same items.

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fault::Fault;

const BY_EMAIL: &str = "user-email-index";

/// The table of accounts.
#[derive(Clone)]
pub(super) struct Users {
    pub(super) database: Database,
    pub(super) table: String,
}

/// One account.
#[derive(Clone, Debug)]
pub(super) struct User {
    /// The `sub`.
    pub(super) id: String,
    pub(super) email: String,
    /// The name that is shown.
    pub(super) username: String,
    pub(super) password_hash: String,
    pub(super) confirmed: bool,
    pub(super) groups: Vec<String>,
}

impl Users {
    pub(super) fn by_email(&self, email: &str) -> Result<Option<User>, Fault> {
        let found = ask(
            json!({
                "TableName": self.table,
                "IndexName": BY_EMAIL,
                "KeyConditionExpression": "email = :email",
                "ExpressionAttributeValues": { ":email": { "S": email } },
                "Limit": 1,
            }),
            |request| self.database.query(request),
        )?;
        let id = found
            .pointer("/Items/0/id/S")
            .and_then(Value::as_str)
            .map(str::to_owned);
        id.map_or(Ok(None), |id| self.by_id(&id))
    }

    pub(super) fn by_id(&self, id: &str) -> Result<Option<User>, Fault> {
        let found = ask(
            json!({
                "TableName": self.table,
                "Key": { "id": { "S": id } },
                "ConsistentRead": true,
            }),
            |request| self.database.get_item(request),
        )?;
        Ok(found.get("Item").and_then(User::from_item))
    }

    pub(super) fn insert(&self, user: &User, created_at: &str) -> Result<(), Fault> {
        ask(
            json!({
                "TableName": self.table,
                "Item": {
                    "id": { "S": user.id },
                    "email": { "S": user.email },
                    "username": { "S": user.username },
                    "password_hash": { "S": user.password_hash },
                    "confirmed": { "BOOL": user.confirmed },
                    "created_at": { "S": created_at },
                },
                "ConditionExpression": "attribute_not_exists(id)",
            }),
            |request| self.database.put_item(request),
        )?;
        Ok(())
    }

    pub(super) fn confirm(&self, id: &str) -> Result<(), Fault> {
        self.set(id, "confirmed", &json!({ "BOOL": true }))
    }

    pub(super) fn set_password_hash(&self, id: &str, hash: &str) -> Result<(), Fault> {
        self.set(id, "password_hash", &json!({ "S": hash }))
    }

    pub(super) fn set_username(&self, id: &str, username: &str) -> Result<(), Fault> {
        self.set(id, "username", &json!({ "S": username }))
    }

    fn set(&self, id: &str, attribute: &str, value: &Value) -> Result<(), Fault> {
        ask(
            json!({
                "TableName": self.table,
                "Key": { "id": { "S": id } },
                "UpdateExpression": "set #attribute = :value",
                "ConditionExpression": "attribute_exists(id)",
                "ExpressionAttributeNames": { "#attribute": attribute },
                "ExpressionAttributeValues": { ":value": value },
            }),
            |request| self.database.update_item(request),
        )?;
        Ok(())
    }
}

impl User {
    fn from_item(item: &Value) -> Option<Self> {
        let text = |name: &str| Some(item.get(name)?.get("S")?.as_str()?.to_owned());
        let email = text("email")?;
        Some(Self {
            id: text("id")?,
            username: text("username").unwrap_or_else(|| email.clone()),
            email,
            password_hash: text("password_hash")?,
            confirmed: item.pointer("/confirmed/BOOL") == Some(&Value::Bool(true)),
            groups: groups(item),
        })
    }
}

/// The groups of an account, written as a string set or as a list of strings.
fn groups(item: &Value) -> Vec<String> {
    let members = item
        .pointer("/groups/SS")
        .or_else(|| item.pointer("/groups/L"))
        .and_then(Value::as_array);
    let name = |member: &Value| {
        let text = member.get("S").unwrap_or(member).as_str()?;
        Some(text.to_owned())
    };
    members.into_iter().flatten().filter_map(name).collect()
}

/// One DynamoDB call in its own JSON, without the way over HTTP.
fn ask<Q: DeserializeOwned, A: Serialize>(
    request: Value,
    call: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Value, Fault> {
    let request = serde_json::from_value(request).map_err(Fault::internal)?;
    let answer = call(request).map_err(|error| Fault::internal(anyhow::anyhow!("{error}")))?;
    serde_json::to_value(answer).map_err(Fault::internal)
}
