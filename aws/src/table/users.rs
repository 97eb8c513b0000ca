//! Accounts in the table `User`, and the quota counters on them.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_domain::OwnerId;
use jiff::Timestamp;

use super::item::{Item, sortable, text};
use super::{Table, TableError};

/// An account as the service sees it. The local sign-in keeps more on the
/// same item, which is never read here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The e-mail address.
    pub email: Option<String>,
    /// The name shown.
    pub username: Option<String>,
    /// What is stored or reserved.
    pub usage: Usage,
}

/// Bytes and photos that are stored, or reserved by uploads under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In bytes.
    pub bytes: u64,
    /// In photos.
    pub photos: u64,
}

impl Table {
    /// Reads an account; one that was never written is empty.
    pub async fn account(&self, owner: &OwnerId) -> Result<Account, TableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()))
            .projection_expression("email, username, bytes_used, photos_used")
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| TableError::new("GetItem", error))?;
        Ok(answer.item.as_ref().map(account).unwrap_or_default())
    }

    /// Sets the name shown.
    pub async fn rename(&self, owner: &OwnerId, username: &str) -> Result<(), TableError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()));
        let call = call
            .update_expression("SET username = :name")
            .expression_attribute_values(":name", text(username));
        call.send()
            .await
            .map(drop)
            .map_err(|error| TableError::new("UpdateItem", error))
    }

    /// Remembers the verified address of somebody who signed in, and the name
    /// to show, unless there is one.
    pub async fn remember(
        &self,
        owner: &OwnerId,
        email: &str,
        username: Option<&str>,
    ) -> Result<(), TableError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()));
        let call = call
            .update_expression("SET email = :email, username = if_not_exists(username, :name)")
            .expression_attribute_values(":email", text(email))
            .expression_attribute_values(":name", text(username.unwrap_or(email)));
        call.send()
            .await
            .map(drop)
            .map_err(|error| TableError::new("UpdateItem", error))
    }

    /// Reserves `wanted` within `limit`, in one conditional write, so that
    /// parallel calls never exceed it. Returns `false` when it does not fit.
    pub async fn reserve(
        &self,
        owner: &OwnerId,
        wanted: Usage,
        limit: Usage,
    ) -> Result<bool, TableError> {
        let (Some(bytes), Some(photos)) = (
            limit.bytes.checked_sub(wanted.bytes),
            limit.photos.checked_sub(wanted.photos),
        ) else {
            return Ok(false);
        };
        let call = self
            .add_usage(owner, i128::from(wanted.bytes), i128::from(wanted.photos))
            .condition_expression(
                "(attribute_not_exists(bytes_used) OR bytes_used <= :most_bytes) \
                 AND (attribute_not_exists(photos_used) OR photos_used <= :most_photos)",
            )
            .expression_attribute_values(":most_bytes", number(i128::from(bytes)))
            .expression_attribute_values(":most_photos", number(i128::from(photos)));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                Ok(false)
            }
            Err(error) => Err(TableError::new("UpdateItem", error)),
        }
    }

    /// Returns what was reserved or stored.
    pub async fn release(&self, owner: &OwnerId, freed: Usage) -> Result<(), TableError> {
        if freed == Usage::default() {
            return Ok(());
        }
        let call = self.add_usage(owner, -i128::from(freed.bytes), -i128::from(freed.photos));
        call.send()
            .await
            .map(drop)
            .map_err(|error| TableError::new("UpdateItem", error))
    }

    fn add_usage(
        &self,
        owner: &OwnerId,
        bytes: i128,
        photos: i128,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()))
            .update_expression("SET usage_at = :now ADD bytes_used :bytes, photos_used :photos")
            .expression_attribute_values(":now", text(sortable(Timestamp::now())))
            .expression_attribute_values(":bytes", number(bytes))
            .expression_attribute_values(":photos", number(photos))
    }
}

pub(super) fn number(value: i128) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn account(item: &Item) -> Account {
    let string = |name: &str| item.get(name)?.as_s().ok().cloned();
    // A correction may leave a counter below zero for a moment.
    let count = |name: &str| {
        item.get(name)
            .and_then(|value| value.as_n().ok()?.parse().ok())
            .unwrap_or(0)
    };
    Account {
        email: string("email"),
        username: string("username"),
        usage: Usage {
            bytes: count("bytes_used"),
            photos: count("photos_used"),
        },
    }
}
