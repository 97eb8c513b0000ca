//! The capacity units that calls of DynamoDB take, noted on their spans.

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// A span's attribute: the units of all tables together
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html>).
const UNITS: &str = "aws.dynamodb.capacity_units";

/// Asks DynamoDB what a call took, and tells the call's span.
#[derive(Debug)]
pub(crate) struct Capacity;

impl Intercept for Capacity {
    fn name(&self) -> &'static str {
        "Capacity"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut();
        let total = Some(ReturnConsumedCapacity::Total);
        if let Some(input) = input.downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<BatchGetItemInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = total;
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else {
            return Ok(());
        };
        let taken: &[ConsumedCapacity] = if let Some(output) = output.downcast_ref::<QueryOutput>()
        {
            output.consumed_capacity.as_slice()
        } else if let Some(output) = output.downcast_ref::<GetItemOutput>() {
            output.consumed_capacity.as_slice()
        } else if let Some(output) = output.downcast_ref::<BatchGetItemOutput>() {
            output.consumed_capacity()
        } else if let Some(output) = output.downcast_ref::<TransactWriteItemsOutput>() {
            output.consumed_capacity()
        } else {
            &[]
        };
        if !taken.is_empty() {
            let units = taken.iter().filter_map(|one| one.capacity_units);
            Span::current().set_attribute(UNITS, units.sum::<f64>());
        }
        Ok(())
    }
}
