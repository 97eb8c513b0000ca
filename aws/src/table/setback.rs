//! Noting on a record why an attempt was broken off.

use aws_sdk_dynamodb::error::SdkError;
use cloudalbum_domain::{OriginalKey, Setback, Stage};

use super::item::{key, text};
use super::{Table, TableError};

impl Table {
    /// Notes why the last attempt at an unfinished stage ended, without a new
    /// version of the record. A record that is gone or finished is left alone.
    pub async fn set_back(
        &self,
        original: &OriginalKey,
        stage: Stage,
        setback: &Setback,
    ) -> Result<(), TableError> {
        let setback = serde_dynamo::to_attribute_value(setback)
            .map_err(|error| TableError::new("serialize", error))?;
        let call = self
            .client
            .update_item()
            .table_name(&self.names.photo)
            .set_key(Some(key(&original.owner, original.photo)))
            .update_expression("SET #error = :error")
            .condition_expression("#state = :live AND #facet.#progress.#status = :pending")
            .expression_attribute_names("#error", format!("{}_error", stage.as_str()))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#facet", stage.as_str())
            .expression_attribute_names("#progress", "progress")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":error", setback)
            .expression_attribute_values(":live", text("live"))
            .expression_attribute_values(":pending", text("pending"));
        match call.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                Ok(())
            }
            Err(error) => Err(TableError::new("UpdateItem", error)),
        }
    }
}
