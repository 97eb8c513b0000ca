//! A job's claim: it counts the attempt and reads the record in one call. It
//! is not a lock.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use cloudalbum_domain::{OriginalKey, Photo, Stage, State};

use super::item::{Item, key, photo, text};
use super::{Table, TableError};

/// What a claim found.
#[derive(Debug)]
pub enum Claim {
    /// There is work to do on this record.
    Work(Box<Photo>),
    /// The facet is finished: the event is a repeat.
    Finished,
    /// The photo is in the trash, going, or gone: leave it alone.
    NotLive,
    /// There is no record: the object is nobody's.
    Unknown,
}

/// Why a claim could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot claim the photo")]
pub struct ClaimError(#[from] TableError);

impl Table {
    /// Claims a stage of a photo for one attempt.
    pub async fn claim(&self, original: &OriginalKey, stage: Stage) -> Result<Claim, ClaimError> {
        let attempts = format!("{}_attempts", stage.as_str());
        let call = self
            .client
            .update_item()
            .table_name(&self.names.photo)
            .set_key(Some(key(&original.owner, original.photo)))
            .update_expression("ADD #attempts :one")
            .condition_expression("#state = :live AND #facet.#progress.#status = :pending")
            .expression_attribute_names("#attempts", attempts)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#facet", stage.as_str())
            .expression_attribute_names("#progress", "progress")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":live", text("live"))
            .expression_attribute_values(":pending", text("pending"))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                Ok(Claim::Work(Box::new(photo(item)?)))
            }
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    Ok(refused(failed.item)?)
                }
                error => Err(TableError::new("UpdateItem", error).into()),
            },
            Err(error) => Err(TableError::new("UpdateItem", error).into()),
        }
    }
}

fn refused(item: Option<Item>) -> Result<Claim, TableError> {
    let Some(item) = item.filter(|item| !item.is_empty()) else {
        return Ok(Claim::Unknown);
    };
    Ok(if photo(item)?.state == State::Live {
        Claim::Finished
    } else {
        Claim::NotLive
    })
}
