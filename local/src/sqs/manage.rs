//! Calls on queues as a whole.

use std::collections::BTreeMap;

use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::queue::{Queue, QueueAttributes, is_known};
use super::store::Store;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Addressed {
    pub(super) queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQueues {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetAttributes {
    queue_url: String,
    attributes: BTreeMap<String, String>,
}

/// How many messages of a queue are in each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// Ready to be received.
    pub visible: i64,
    /// Received and neither deleted nor expired.
    pub in_flight: i64,
    /// Sent with a delay that has not passed.
    pub delayed: i64,
    /// When the oldest of them was sent, in milliseconds since 1970.
    pub oldest_sent_at: Option<i64>,
}

pub(super) fn create_queue(store: &Store<'_>, call: &CreateQueue) -> Result<Value, Fault> {
    let name = &call.queue_name;
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(legal) {
        return Err(Fault::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
                .to_owned(),
        ));
    }
    if let Some(existing) = store.queue_by_name(name)? {
        let held = existing.attributes.on_the_wire();
        let mut wanted = existing.attributes.clone();
        for (attribute, value) in &call.attributes {
            wanted.set(attribute, value)?;
            if wanted.on_the_wire().get(attribute) != held.get(attribute) {
                return Err(Fault::QueueNameExists(attribute.clone()));
            }
        }
    } else {
        let attributes = change(store, name, QueueAttributes::default(), &call.attributes)?;
        store.tx.execute(
            "insert into queues (name, created_at, modified_at, attributes) values (?1, ?2, ?2, ?3)",
            params![name, store.now, attributes],
        )?;
    }
    Ok(json!({ "QueueUrl": store.address.url(name) }))
}

pub(super) fn delete_queue(store: &Store<'_>, call: &Addressed) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    store
        .tx
        .execute("delete from queues where id = ?1", params![queue.id])?;
    Ok(json!({}))
}

pub(super) fn get_queue_url(store: &Store<'_>, call: &Named) -> Result<Value, Fault> {
    let queue = store
        .queue_by_name(&call.queue_name)?
        .ok_or(Fault::QueueDoesNotExist)?;
    Ok(json!({ "QueueUrl": store.address.url(&queue.name) }))
}

pub(super) fn list_queues(store: &Store<'_>, call: &ListQueues) -> Result<Value, Fault> {
    let limit = call.max_results.unwrap_or(1000);
    if !(1..=1000).contains(&limit) {
        return Err(Fault::InvalidParameterValue(
            "MaxResults must be between 1 and 1000.".to_owned(),
        ));
    }
    let after = call.next_token.as_deref().unwrap_or_default();
    let mut names: Vec<String> = store
        .queues()?
        .into_iter()
        .map(|queue| queue.name)
        .filter(|name| name.starts_with(&call.queue_name_prefix) && name.as_str() > after)
        .collect();
    let more = names.len() > limit;
    names.truncate(limit);
    let urls: Vec<String> = names.iter().map(|name| store.address.url(name)).collect();
    let mut answer = json!({ "QueueUrls": urls });
    if let (true, Some(last), Some(fields)) = (more, names.last(), answer.as_object_mut()) {
        fields.insert("NextToken".to_owned(), json!(last));
    }
    Ok(answer)
}

pub(super) fn get_attributes(store: &Store<'_>, call: &GetAttributes) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    let depth = depth(store, &queue)?;
    let mut all = queue.attributes.on_the_wire();
    for (name, value) in [
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        (
            "ApproximateNumberOfMessagesNotVisible",
            depth.in_flight.to_string(),
        ),
        (
            "ApproximateNumberOfMessagesDelayed",
            depth.delayed.to_string(),
        ),
        ("CreatedTimestamp", (queue.created_at / 1000).to_string()),
        (
            "LastModifiedTimestamp",
            (queue.modified_at / 1000).to_string(),
        ),
        ("QueueArn", store.address.arn(&queue.name)),
    ] {
        all.insert(name.to_owned(), value);
    }
    if !call.attribute_names.iter().any(|name| name == "All") {
        if let Some(unknown) = call.attribute_names.iter().find(|name| !is_known(name)) {
            return Err(Fault::InvalidAttributeName(unknown.clone()));
        }
        all.retain(|name, _| call.attribute_names.contains(name));
    }
    Ok(json!({ "Attributes": all }))
}

pub(super) fn set_attributes(store: &Store<'_>, call: &SetAttributes) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    let attributes = change(store, &queue.name, queue.attributes, &call.attributes)?;
    store.tx.execute(
        "update queues set attributes = ?2, modified_at = ?3 where id = ?1",
        params![queue.id, attributes, store.now],
    )?;
    Ok(json!({}))
}

pub(super) fn purge_queue(store: &Store<'_>, call: &Addressed) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    store
        .tx
        .execute("delete from messages where queue = ?1", params![queue.id])?;
    Ok(json!({}))
}

/// Counts the messages of a queue at this moment.
pub(super) fn depth(store: &Store<'_>, queue: &Queue) -> Result<Depth, Fault> {
    store.expire(queue)?;
    let depth = store
        .tx
        .prepare_cached(
            "select count(*) filter (where visible_at <= ?2), \
                    count(*) filter (where visible_at > ?2 and receipt is not null), \
                    count(*) filter (where visible_at > ?2 and receipt is null), \
                    min(sent_at) \
             from messages where queue = ?1",
        )?
        .query_row(params![queue.id, store.now], |row| {
            Ok(Depth {
                visible: row.get(0)?,
                in_flight: row.get(1)?,
                delayed: row.get(2)?,
                oldest_sent_at: row.get(3)?,
            })
        })?;
    Ok(depth)
}

/// Returns the changed attributes as they are stored.
fn change(
    store: &Store<'_>,
    queue: &str,
    mut attributes: QueueAttributes,
    changes: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    for (name, value) in changes {
        attributes.set(name, value)?;
    }
    if let Some(redrive) = &attributes.redrive {
        let target = store.queue_by_arn(&redrive.dead_letter_arn)?;
        if target.is_none_or(|target| target.name == queue) {
            return Err(Fault::InvalidParameterValue(format!(
                "Value {} for parameter RedrivePolicy is invalid. \
                 Reason: Dead letter target does not exist.",
                redrive.dead_letter_arn
            )));
        }
    }
    serde_json::to_string(&attributes).map_err(|error| Fault::Internal(error.into()))
}
