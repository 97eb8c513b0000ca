//! Calls on received messages, named by their receipt handles.

use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::batch::{self, Outcome};
use super::fault::Fault;
use super::queue::Queue;
use super::store::Store;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessageBatch {
    queue_url: String,
    #[serde(default)]
    entries: Vec<DeleteEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteEntry {
    id: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibilityBatch {
    queue_url: String,
    #[serde(default)]
    entries: Vec<ChangeEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeEntry {
    id: String,
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: i64,
}

pub(super) fn delete_message(store: &Store<'_>, call: &DeleteMessage) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    delete(store, &queue, &call.receipt_handle)
}

pub(super) fn delete_batch(store: &Store<'_>, call: &DeleteMessageBatch) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    batch::check(call.entries.iter().map(|entry| &entry.id))?;
    let mut outcome = Outcome::default();
    for entry in &call.entries {
        outcome.add(&entry.id, delete(store, &queue, &entry.receipt_handle))?;
    }
    Ok(json!(outcome))
}

/// Ends the visibility timeout of everything in flight; receives stay counted.
pub(super) fn give_back(store: &Store<'_>, queue: &Queue) -> Result<(), Fault> {
    store.tx.execute(
        "update messages set visible_at = ?2 \
         where queue = ?1 and receipt is not null and visible_at > ?2",
        params![queue.id, store.now],
    )?;
    Ok(())
}

pub(super) fn change_visibility(
    store: &Store<'_>,
    call: &ChangeVisibility,
) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    change(store, &queue, &call.receipt_handle, call.visibility_timeout)
}

pub(super) fn change_visibility_batch(
    store: &Store<'_>,
    call: &ChangeVisibilityBatch,
) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    batch::check(call.entries.iter().map(|entry| &entry.id))?;
    let mut outcome = Outcome::default();
    for entry in &call.entries {
        let changed = change(
            store,
            &queue,
            &entry.receipt_handle,
            entry.visibility_timeout,
        );
        outcome.add(&entry.id, changed)?;
    }
    Ok(json!(outcome))
}

/// A second delete, and one with the handle of an earlier receive, succeed and do nothing.
fn delete(store: &Store<'_>, queue: &Queue, receipt: &str) -> Result<Value, Fault> {
    check(receipt)?;
    store
        .tx
        .prepare_cached("delete from messages where receipt = ?1 and queue = ?2")?
        .execute(params![receipt, queue.id])?;
    Ok(json!({}))
}

fn change(store: &Store<'_>, queue: &Queue, receipt: &str, seconds: i64) -> Result<Value, Fault> {
    check(receipt)?;
    if !(0..=43_200).contains(&seconds) {
        return Err(Fault::InvalidParameterValue(format!(
            "Value {seconds} for parameter VisibilityTimeout is invalid. \
             Reason: VisibilityTimeout must be an integer between 0 and 43200."
        )));
    }
    let visible_at: Option<i64> = store
        .tx
        .prepare_cached("select visible_at from messages where receipt = ?1 and queue = ?2")?
        .query_row(params![receipt, queue.id], |row| row.get(0))
        .optional()?;
    match visible_at {
        None => Err(Fault::InvalidParameterValue(format!(
            "Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not \
             exist or is not available for visibility timeout change."
        ))),
        Some(at) if at <= store.now => Err(Fault::MessageNotInflight),
        Some(_) => {
            store
                .tx
                .prepare_cached("update messages set visible_at = ?2 where receipt = ?1")?
                .execute(params![receipt, store.now + seconds * 1000])?;
            Ok(json!({}))
        }
    }
}

fn check(receipt: &str) -> Result<(), Fault> {
    match Uuid::try_parse(receipt) {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::ReceiptHandleIsInvalid),
    }
}
