//! Records that come from another album, whole.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use cloudalbum_domain::{OwnerId, Photo, index_entries};
use jiff::Timestamp;

use super::item::{item, sortable, text};
use super::schema::BY_EMAIL;
use super::users::number;
use super::{Table, TableError};

impl Table {
    /// The accounts of an e-mail address; more than one are none's.
    pub async fn owners_of(&self, email: &str) -> Result<Vec<OwnerId>, TableError> {
        let call = self
            .client
            .query()
            .table_name(&self.names.user)
            .index_name(BY_EMAIL)
            .key_condition_expression("email = :email")
            .expression_attribute_values(":email", text(email));
        let answer = call.send().await;
        let answer = answer.map_err(|error| TableError::new("Query", error))?;
        let id = |item: super::item::Item| item.get("id")?.as_s().ok()?.parse().ok();
        Ok(answer.items.into_iter().flatten().filter_map(id).collect())
    }

    /// Writes a record with its index items, and counts it in its owner's
    /// quota, all at once. Returns `false` when there is such a record.
    pub async fn admit(&self, photo: &Photo) -> Result<bool, TableError> {
        let failed = |error: aws_sdk_dynamodb::error::BuildError| {
            TableError::new("TransactWriteItems", error)
        };
        let put = Put::builder()
            .table_name(&self.names.photo)
            .set_item(Some(item(photo)?))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(failed)?;
        let count = Update::builder()
            .table_name(&self.names.user)
            .key("id", text(photo.owner.as_str()))
            .update_expression("SET usage_at = :now ADD bytes_used :bytes, photos_used :one")
            .expression_attribute_values(":now", text(sortable(Timestamp::now())))
            .expression_attribute_values(":bytes", number(photo.filesize.into()))
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(failed)?;
        let mut call = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(put).build())
            .transact_items(TransactWriteItem::builder().update(count).build());
        for entry in index_entries(photo) {
            call = call.transact_items(self.add(&photo.owner, photo.id, &entry)?);
        }
        let Err(error) = call.send().await else {
            return Ok(true);
        };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
            && cancelled
                .cancellation_reasons()
                .first()
                .is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
        {
            return Ok(false);
        }
        Err(TableError::new("TransactWriteItems", error))
    }
}
