//! Putting messages into a queue.

use std::collections::BTreeMap;

use rusqlite::params;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::batch::{self, Outcome};
use super::digest::{Attribute, Attributes, md5_of_attributes, md5_of_body, size_of_attributes};
use super::fault::Fault;
use super::queue::{LARGEST_MESSAGE, Queue};
use super::store::Store;

const TRACE_HEADER: &str = "AWSTraceHeader";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessage {
    queue_url: String,
    #[serde(flatten)]
    message: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessageBatch {
    queue_url: String,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    #[serde(flatten)]
    message: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: Attributes,
    #[serde(default)]
    message_system_attributes: Attributes,
}

/// A message that this process sends to one of its own queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Name of the queue.
    pub queue: String,
    pub body: String,
    /// The X-Ray trace header, as `AWSTraceHeader` carries it.
    pub trace_header: Option<String>,
}

pub(super) fn send_message(store: &Store<'_>, call: &SendMessage) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    send(store, &queue, &call.message)
}

pub(super) fn send_batch(store: &Store<'_>, call: &SendMessageBatch) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    batch::check(call.entries.iter().map(|entry| &entry.id))?;
    let size = call
        .entries
        .iter()
        .try_fold(0, |sum, entry| entry.message.size().map(|size| sum + size))?;
    let limit = usize::try_from(LARGEST_MESSAGE).unwrap_or(usize::MAX);
    if size > limit {
        return Err(Fault::BatchRequestTooLong { limit, size });
    }
    let mut outcome = Outcome::default();
    for entry in &call.entries {
        outcome.add(&entry.id, send(store, &queue, &entry.message))?;
    }
    Ok(json!(outcome))
}

/// Sends one message of this process.
pub(super) fn send_own(store: &Store<'_>, message: &Outgoing) -> Result<(), Fault> {
    let queue = store
        .queue_by_name(&message.queue)?
        .ok_or(Fault::QueueDoesNotExist)?;
    let header = message.trace_header.clone().map(|header| {
        let attribute = Attribute {
            data_type: "String".to_owned(),
            string_value: Some(header),
            binary_value: None,
        };
        (TRACE_HEADER.to_owned(), attribute)
    });
    let message = Content {
        message_body: message.body.clone(),
        delay_seconds: None,
        message_attributes: BTreeMap::new(),
        message_system_attributes: header.into_iter().collect(),
    };
    send(store, &queue, &message).map(|_| ())
}

impl Content {
    fn size(&self) -> Result<usize, Fault> {
        Ok(self.message_body.len() + size_of_attributes(&self.message_attributes)?)
    }

    fn check(&self, queue: &Queue) -> Result<(), Fault> {
        if self.message_body.is_empty() {
            return Err(Fault::MissingParameter("MessageBody"));
        }
        if !self.message_body.chars().all(is_legal) {
            return Err(Fault::InvalidMessageContents);
        }
        if self.message_attributes.len() > 10 {
            return Err(Fault::InvalidParameterValue(
                "Number of message attributes exceeds the allowed maximum [10].".to_owned(),
            ));
        }
        if self.message_attributes.keys().any(|name| !is_name(name)) {
            return Err(Fault::InvalidParameterValue(
                "A message attribute name is not valid.".to_owned(),
            ));
        }
        let limit = queue.attributes.maximum_message_size;
        if usize::try_from(limit).is_ok_and(|limit| self.size().is_ok_and(|size| size > limit)) {
            return Err(Fault::InvalidParameterValue(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
            )));
        }
        Ok(())
    }

    fn trace_header(&self) -> Result<Option<&str>, Fault> {
        if let Some(other) = self
            .message_system_attributes
            .keys()
            .find(|name| *name != TRACE_HEADER)
        {
            return Err(Fault::InvalidParameterValue(format!(
                "Message system attribute name '{other}' is invalid."
            )));
        }
        let header = self.message_system_attributes.get(TRACE_HEADER);
        Ok(header.and_then(|header| header.string_value.as_deref()))
    }
}

fn send(store: &Store<'_>, queue: &Queue, message: &Content) -> Result<Value, Fault> {
    message.check(queue)?;
    let delay = message
        .delay_seconds
        .unwrap_or(queue.attributes.delay_seconds);
    if !(0..=900).contains(&delay) {
        return Err(Fault::InvalidParameterValue(format!(
            "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        )));
    }
    let attributes_digest = md5_of_attributes(&message.message_attributes)?;
    let system_digest = md5_of_attributes(&message.message_system_attributes)?;
    let attributes = serde_json::to_string(&message.message_attributes)
        .map_err(|error| Fault::Internal(error.into()))?;
    let message_id = Uuid::new_v4().to_string();
    store
        .tx
        .prepare_cached(
            "insert into messages \
             (queue, message_id, body, attributes, trace_header, sent_at, visible_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            queue.id,
            message_id,
            message.message_body,
            attributes,
            message.trace_header()?,
            store.now,
            store.now + delay * 1000,
        ])?;
    let mut answer = Map::new();
    answer.insert("MessageId".to_owned(), json!(message_id));
    answer.insert(
        "MD5OfMessageBody".to_owned(),
        json!(md5_of_body(&message.message_body)),
    );
    if let Some(digest) = attributes_digest {
        answer.insert("MD5OfMessageAttributes".to_owned(), json!(digest));
    }
    if let Some(digest) = system_digest {
        answer.insert("MD5OfMessageSystemAttributes".to_owned(), json!(digest));
    }
    Ok(Value::Object(answer))
}

fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

fn is_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=256).contains(&name.len()) && name.chars().all(legal)
}
