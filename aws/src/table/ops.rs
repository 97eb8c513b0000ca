//! What operators set and did: paused stages, the audit; and how far the
//! reconciler got. All of it in the table `Ops`.

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_domain::Stage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::item::{Item, sortable, text};
use super::{Table, TableError};

const PAUSE: &str = "pause";
const AUDIT: &str = "audit";
const CURSOR: &str = "cursor";

/// A stage that takes no messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Which stage.
    #[serde(rename = "entry")]
    pub stage: Stage,
    /// The name of the operator.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
}

/// One order of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Sorts by time, and tells orders of one moment apart.
    pub entry: String,
    /// When it was given.
    pub at: Timestamp,
    /// The operator's Cognito `sub`.
    pub by: String,
    /// The name that the operator signed in by.
    pub username: String,
    /// `redrive`, `pause` and the like.
    pub action: String,
    /// What it was about.
    pub target: String,
    /// How many photos or messages it changed, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<u64>,
}

impl Audit {
    /// The key of an order given at `at`; `unique` differs from call to call.
    pub fn key(at: Timestamp, unique: u64) -> String {
        format!("{}#{unique:016x}", sortable(at))
    }
}

/// Where a listing of the audit goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCursor(String);

impl Table {
    /// The stages that are paused, consistently.
    pub async fn paused(&self) -> Result<Vec<Pause>, TableError> {
        let call = self
            .client
            .query()
            .table_name(&self.names.ops)
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text(PAUSE));
        let answer = call.consistent_read(true).send().await;
        let answer = answer.map_err(|error| TableError::new("Query", error))?;
        answer.items.into_iter().flatten().map(read).collect()
    }

    /// Pauses a stage until [`Table::resume`].
    pub async fn pause(&self, pause: &Pause) -> Result<(), TableError> {
        self.keep(PAUSE, pause).await
    }

    /// Lets a stage go on. One that was not paused goes on anyway.
    pub async fn resume(&self, stage: Stage) -> Result<(), TableError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.names.ops)
            .key("kind", text(PAUSE))
            .key("entry", text(stage.as_str()));
        call.send()
            .await
            .map(drop)
            .map_err(|error| TableError::new("DeleteItem", error))
    }

    /// Writes down an order; once more with its outcome.
    pub async fn audit(&self, audit: &Audit) -> Result<(), TableError> {
        self.keep(AUDIT, audit).await
    }

    /// Lists orders, latest first.
    pub async fn audits(
        &self,
        after: Option<&AuditCursor>,
        limit: u16,
    ) -> Result<(Vec<Audit>, Option<AuditCursor>), TableError> {
        let start = after.map(|AuditCursor(entry)| ops_key(AUDIT, entry));
        let call = self
            .client
            .query()
            .table_name(&self.names.ops)
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text(AUDIT))
            .scan_index_forward(false)
            .limit(i32::from(limit));
        let answer = call.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(|error| TableError::new("Query", error))?;
        let next = answer
            .last_evaluated_key
            .and_then(|last| Some(AuditCursor(last.get("entry")?.as_s().ok()?.clone())));
        let audits: Result<Vec<Audit>, TableError> =
            answer.items.into_iter().flatten().map(read).collect();
        Ok((audits?, next))
    }

    /// How far the walk of that name got, as [`Table::keep_cursor`] was told.
    pub async fn cursor(&self, name: &str) -> Result<Option<String>, TableError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.names.ops)
            .set_key(Some(ops_key(CURSOR, name)));
        let answer = call.consistent_read(true).send().await;
        let item = answer
            .map_err(|error| TableError::new("GetItem", error))?
            .item;
        Ok(item.and_then(|item| item.get("place")?.as_s().ok().cloned()))
    }

    /// Keeps how far a walk got; `None` starts it anew.
    pub async fn keep_cursor(&self, name: &str, place: Option<&str>) -> Result<(), TableError> {
        let mut item = ops_key(CURSOR, name);
        item.extend(place.map(|place| ("place".to_owned(), text(place))));
        self.put(item).await
    }

    async fn keep<T: Serialize>(&self, kind: &str, value: &T) -> Result<(), TableError> {
        let item: Item =
            serde_dynamo::to_item(value).map_err(|error| TableError::new("serialize", error))?;
        let kind = ("kind".to_owned(), AttributeValue::S(kind.to_owned()));
        self.put(item.into_iter().chain([kind]).collect()).await
    }

    async fn put(&self, item: Item) -> Result<(), TableError> {
        let call = self.client.put_item().table_name(&self.names.ops);
        call.set_item(Some(item))
            .send()
            .await
            .map(drop)
            .map_err(|error| TableError::new("PutItem", error))
    }
}

fn ops_key(kind: &str, entry: &str) -> Item {
    Item::from([
        ("kind".to_owned(), text(kind)),
        ("entry".to_owned(), text(entry)),
    ])
}

fn read<T: for<'de> Deserialize<'de>>(item: Item) -> Result<T, TableError> {
    serde_dynamo::from_item(item).map_err(|error| TableError::new("deserialize", error))
}
