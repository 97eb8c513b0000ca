//! Taking messages out of a queue, and moving on those taken too often.

use std::collections::BTreeMap;

use rusqlite::{Row, params};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::digest::{Attributes, md5_of_attributes, md5_of_body};
use super::fault::Fault;
use super::queue::{ACCOUNT, Queue};
use super::store::Store;

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    pub(super) queue_url: String,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

/// What one look into the queue found.
pub(super) struct Received {
    pub(super) messages: Vec<Value>,
    /// Milliseconds until a message of the queue becomes visible by itself.
    pub(super) next_in: Option<i64>,
    /// How long the caller, or else the queue, asks to wait for messages.
    pub(super) wait_seconds: i64,
}

struct Taken {
    id: i64,
    message_id: String,
    body: String,
    attributes: String,
    trace_header: Option<String>,
    sent_at: i64,
    first_received_at: Option<i64>,
    receive_count: i64,
    source_arn: Option<String>,
}

pub(super) fn receive(store: &Store<'_>, call: &ReceiveMessage) -> Result<Received, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    let most = bounded("MaxNumberOfMessages", call.max_number_of_messages, 1, 1, 10)?;
    let hidden_seconds = bounded(
        "VisibilityTimeout",
        call.visibility_timeout,
        queue.attributes.visibility_seconds,
        0,
        43_200,
    )?;
    let wait_seconds = bounded(
        "WaitTimeSeconds",
        call.wait_time_seconds,
        queue.attributes.wait_seconds,
        0,
        20,
    )?;
    store.expire(&queue)?;
    move_dead(store, &queue)?;
    let mut messages = Vec::new();
    for taken in visible(store, &queue, most)? {
        messages.push(take(store, call, &taken, hidden_seconds)?);
    }
    Ok(Received {
        messages,
        next_in: next_in(store, &queue)?,
        wait_seconds,
    })
}

/// Moves every visible message whose next receive would be one too many.
fn move_dead(store: &Store<'_>, queue: &Queue) -> Result<(), Fault> {
    let Some(redrive) = &queue.attributes.redrive else {
        return Ok(());
    };
    let Some(target) = store.queue_by_arn(&redrive.dead_letter_arn)? else {
        return Ok(());
    };
    store
        .tx
        .prepare_cached(
            "update messages set queue = ?3, visible_at = ?2, receipt = null, source_arn = ?5 \
             where queue = ?1 and visible_at <= ?2 and receive_count >= ?4",
        )?
        .execute(params![
            queue.id,
            store.now,
            target.id,
            redrive.max_receive_count,
            store.address.arn(&queue.name),
        ])?;
    Ok(())
}

fn visible(store: &Store<'_>, queue: &Queue, most: i64) -> Result<Vec<Taken>, Fault> {
    let mut statement = store.tx.prepare_cached(
        "select id, message_id, body, attributes, trace_header, sent_at, first_received_at, \
                receive_count, source_arn \
         from messages where queue = ?1 and visible_at <= ?2 order by visible_at, id limit ?3",
    )?;
    let rows = statement.query_map(params![queue.id, store.now, most], Taken::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Taken {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            message_id: row.get(1)?,
            body: row.get(2)?,
            attributes: row.get(3)?,
            trace_header: row.get(4)?,
            sent_at: row.get(5)?,
            first_received_at: row.get(6)?,
            receive_count: row.get(7)?,
            source_arn: row.get(8)?,
        })
    }

    fn system_attributes(&self, first_received_at: i64) -> BTreeMap<&'static str, String> {
        let mut all = BTreeMap::from([
            ("SenderId", ACCOUNT.to_owned()),
            ("SentTimestamp", self.sent_at.to_string()),
            (
                "ApproximateReceiveCount",
                (self.receive_count + 1).to_string(),
            ),
            (
                "ApproximateFirstReceiveTimestamp",
                first_received_at.to_string(),
            ),
        ]);
        if let Some(header) = &self.trace_header {
            all.insert("AWSTraceHeader", header.clone());
        }
        if let Some(arn) = &self.source_arn {
            all.insert("DeadLetterQueueSourceArn", arn.clone());
        }
        all
    }
}

fn take(
    store: &Store<'_>,
    call: &ReceiveMessage,
    taken: &Taken,
    hidden_seconds: i64,
) -> Result<Value, Fault> {
    let receipt = Uuid::new_v4().to_string();
    let first_received_at = taken.first_received_at.unwrap_or(store.now);
    store
        .tx
        .prepare_cached(
            "update messages set receipt = ?2, visible_at = ?3, first_received_at = ?4, \
                                 receive_count = receive_count + 1 \
             where id = ?1",
        )?
        .execute(params![
            taken.id,
            receipt,
            store.now + hidden_seconds * 1000,
            first_received_at,
        ])?;

    let mut system = taken.system_attributes(first_received_at);
    system.retain(|name, _| {
        let mut asked = call
            .attribute_names
            .iter()
            .chain(&call.message_system_attribute_names);
        asked.any(|asked| asked == "All" || asked == name)
    });
    let mut attributes: Attributes =
        serde_json::from_str(&taken.attributes).map_err(|error| Fault::Internal(error.into()))?;
    attributes.retain(|name, _| {
        call.message_attribute_names
            .iter()
            .any(|asked| fits(asked, name))
    });

    let mut message = Map::new();
    message.insert("MessageId".to_owned(), json!(taken.message_id));
    message.insert("ReceiptHandle".to_owned(), json!(receipt));
    message.insert("MD5OfBody".to_owned(), json!(md5_of_body(&taken.body)));
    message.insert("Body".to_owned(), json!(taken.body));
    if !system.is_empty() {
        message.insert("Attributes".to_owned(), json!(system));
    }
    if let Some(digest) = md5_of_attributes(&attributes)? {
        message.insert("MD5OfMessageAttributes".to_owned(), json!(digest));
        message.insert("MessageAttributes".to_owned(), json!(attributes));
    }
    Ok(Value::Object(message))
}

/// Whether an asked-for name, `All`, `.*` or `prefix.*` covers an attribute.
fn fits(asked: &str, name: &str) -> bool {
    asked == "All"
        || asked == name
        || asked
            .strip_suffix(".*")
            .is_some_and(|prefix| name.starts_with(prefix))
}

fn next_in(store: &Store<'_>, queue: &Queue) -> Result<Option<i64>, Fault> {
    let at: Option<i64> = store
        .tx
        .prepare_cached("select min(visible_at) from messages where queue = ?1")?
        .query_row(params![queue.id], |row| row.get(0))?;
    Ok(at.map(|at| (at - store.now).max(0)))
}

fn bounded(
    name: &str,
    asked: Option<i64>,
    default: i64,
    least: i64,
    most: i64,
) -> Result<i64, Fault> {
    let value = asked.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Fault::InvalidParameterValue(format!(
        "Value {value} for parameter {name} is invalid. \
         Reason: Must be between {least} and {most}, if provided."
    )))
}
