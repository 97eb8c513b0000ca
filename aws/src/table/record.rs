//! Reading records, and writing those of granted uploads.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Put, TransactWriteItem};
use cloudalbum_domain::{OwnerId, Photo, PhotoId};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::item::{item, key, photo};
use super::{Table, TableError};

/// How many keys one `BatchGetItem` takes.
const GET_AT_ONCE: usize = 100;
/// How many items one transaction takes.
const PUT_AT_ONCE: usize = 100;
/// How many calls are under way at a time.
const IN_FLIGHT: usize = 4;

impl Table {
    /// Reads one record, consistently.
    pub async fn get(&self, owner: &OwnerId, id: PhotoId) -> Result<Option<Photo>, TableError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.names.photo)
            .set_key(Some(key(owner, id)));
        let answer = call.consistent_read(true).send().await;
        answer
            .map_err(|error| TableError::new("GetItem", error))?
            .item
            .map(photo)
            .transpose()
    }

    /// Reads many records of one owner, consistently, in no order.
    pub async fn get_many(
        &self,
        owner: &OwnerId,
        ids: impl IntoIterator<Item = PhotoId>,
    ) -> Result<HashMap<PhotoId, Photo>, TableError> {
        let unique: Vec<PhotoId> = ids
            .into_iter()
            .collect::<HashSet<_>>()
            .into_iter()
            .collect();
        let batches: Vec<Vec<PhotoId>> = unique.chunks(GET_AT_ONCE).map(<[_]>::to_vec).collect();
        let found: Vec<Vec<Photo>> = stream::iter(batches)
            .map(|batch| self.get_batch(owner, batch))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(found
            .into_iter()
            .flatten()
            .map(|photo| (photo.id, photo))
            .collect())
    }

    async fn get_batch(
        &self,
        owner: &OwnerId,
        ids: Vec<PhotoId>,
    ) -> Result<Vec<Photo>, TableError> {
        let failed = |error| TableError::new("BatchGetItem", error);
        let keys = ids.into_iter().map(|id| key(owner, id)).collect();
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build();
        let keys = keys.map_err(|error| TableError::new("BatchGetItem", error))?;
        let mut left = Some(HashMap::from([(self.names.photo.clone(), keys)]));
        let mut found = Vec::new();
        while let Some(request) = left.take().filter(|request| !request.is_empty()) {
            let call = self
                .client
                .batch_get_item()
                .set_request_items(Some(request));
            let answer = call.send().await.map_err(|error| failed(Box::new(error)))?;
            left = answer.unprocessed_keys;
            for item in answer
                .responses
                .into_iter()
                .flatten()
                .flat_map(|(_, items)| items)
            {
                found.push(photo(item)?);
            }
        }
        Ok(found)
    }

    /// Writes the records of granted uploads, create-only, and names those
    /// that somebody else wrote in the meantime. A tombstone or an expired
    /// record in the way is not replaced here: see [`Table::replace`].
    pub async fn insert(&self, photos: &[Photo]) -> Result<HashSet<PhotoId>, TableError> {
        let batches: Vec<Vec<Photo>> = photos.chunks(PUT_AT_ONCE).map(<[Photo]>::to_vec).collect();
        let taken: Vec<HashSet<PhotoId>> = stream::iter(batches)
            .map(|batch| self.insert_batch(batch))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(taken.into_iter().flatten().collect())
    }

    async fn insert_batch(&self, mut batch: Vec<Photo>) -> Result<HashSet<PhotoId>, TableError> {
        let mut taken = HashSet::new();
        while !batch.is_empty() {
            let mut call = self.client.transact_write_items();
            for photo in &batch {
                call = call.transact_items(self.create_only(photo)?);
            }
            let Err(error) = call.send().await else { break };
            let refused = refused(&error, &batch);
            if refused.is_empty() {
                return Err(TableError::new("TransactWriteItems", error));
            }
            batch.retain(|photo| !refused.contains(&photo.id));
            taken.extend(refused);
        }
        Ok(taken)
    }

    fn create_only(&self, photo: &Photo) -> Result<TransactWriteItem, TableError> {
        let put = Put::builder()
            .table_name(&self.names.photo)
            .set_item(Some(item(photo)?))
            .condition_expression("attribute_not_exists(id)");
        let put = put
            .build()
            .map_err(|error| TableError::new("TransactWriteItems", error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Writes the record of a granted upload in place of a tombstone.
    ///
    /// Returns `false` when the tombstone was not there any more.
    pub async fn replace(&self, tombstone: &Photo, with: &Photo) -> Result<bool, TableError> {
        let next = Photo {
            version: tombstone.version + 1,
            ..with.clone()
        };
        let call = self
            .client
            .put_item()
            .table_name(&self.names.photo)
            .set_item(Some(item(&next)?));
        let call = call
            .condition_expression("#state = :deleted AND #version = :version")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":deleted", super::item::text("deleted"))
            .expression_attribute_values(
                ":version",
                aws_sdk_dynamodb::types::AttributeValue::N(tombstone.version.to_string()),
            );
        match call.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                Ok(false)
            }
            Err(error) => Err(TableError::new("PutItem", error)),
        }
    }
}

/// Which photos of a cancelled transaction were there already. Reasons come in
/// the order of the items.
fn refused<R>(error: &SdkError<TransactWriteItemsError, R>, batch: &[Photo]) -> HashSet<PhotoId> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return HashSet::new();
    };
    let reasons = cancelled.cancellation_reasons().iter();
    let refused = reasons
        .zip(batch)
        .filter(|(reason, _)| reason.code() == Some("ConditionalCheckFailed"));
    refused.map(|(_, photo)| photo.id).collect()
}
