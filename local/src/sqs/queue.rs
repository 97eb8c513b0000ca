//! A queue, its attributes and its names.

use std::collections::BTreeMap;

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::fault::Fault;

/// The account that owns every local queue.
pub(super) const ACCOUNT: &str = "000000000000";

/// The largest message, and the largest batch, in bytes.
pub(super) const LARGEST_MESSAGE: i64 = 1_048_576;

/// How queues are named from outside.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) base_url: Url,
    pub(super) region: String,
}

impl Address {
    pub(super) fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", self.region)
    }

    pub(super) fn url(&self, name: &str) -> String {
        let base = self.base_url.as_str().trim_end_matches('/');
        format!("{base}/{ACCOUNT}/{name}")
    }
}

/// A row of the table of queues.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) created_at: i64,
    pub(super) modified_at: i64,
    pub(super) attributes: QueueAttributes,
}

type Raw = (i64, String, i64, i64, String);

impl Queue {
    pub(super) fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    }

    pub(super) fn parse(
        (id, name, created_at, modified_at, attributes): Raw,
    ) -> Result<Self, Fault> {
        let attributes =
            serde_json::from_str(&attributes).map_err(|error| Fault::Internal(error.into()))?;
        Ok(Self {
            id,
            name,
            created_at,
            modified_at,
            attributes,
        })
    }
}

/// What can be set on a queue, with the defaults and limits of SQS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueueAttributes {
    pub(super) delay_seconds: i64,
    pub(super) maximum_message_size: i64,
    pub(super) retention_seconds: i64,
    pub(super) wait_seconds: i64,
    pub(super) visibility_seconds: i64,
    pub(super) redrive: Option<Redrive>,
    /// Kept and returned, without an effect on one machine.
    pub(super) documents: BTreeMap<String, String>,
}

/// Where a message goes that was received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redrive {
    pub(super) dead_letter_arn: String,
    pub(super) max_receive_count: i64,
}

impl Default for QueueAttributes {
    fn default() -> Self {
        Self {
            delay_seconds: 0,
            maximum_message_size: LARGEST_MESSAGE,
            retention_seconds: 345_600,
            wait_seconds: 0,
            visibility_seconds: 30,
            redrive: None,
            documents: BTreeMap::new(),
        }
    }
}

impl QueueAttributes {
    /// Sets one attribute by its name on the wire.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        match name {
            "DelaySeconds" => self.delay_seconds = within(name, value, 0, 900)?,
            "MaximumMessageSize" => {
                self.maximum_message_size = within(name, value, 1024, LARGEST_MESSAGE)?;
            }
            "MessageRetentionPeriod" => {
                self.retention_seconds = within(name, value, 60, 1_209_600)?;
            }
            "ReceiveMessageWaitTimeSeconds" => self.wait_seconds = within(name, value, 0, 20)?,
            "VisibilityTimeout" => self.visibility_seconds = within(name, value, 0, 43_200)?,
            "RedrivePolicy" => self.redrive = Redrive::parse(value)?,
            "Policy" | "RedriveAllowPolicy" => {
                self.documents.insert(name.to_owned(), value.to_owned());
            }
            _ => return Err(Fault::InvalidAttributeName(name.to_owned())),
        }
        Ok(())
    }

    /// Every set attribute by its name on the wire.
    pub(super) fn on_the_wire(&self) -> BTreeMap<String, String> {
        let mut all = self.documents.clone();
        for (name, number) in [
            ("DelaySeconds", self.delay_seconds),
            ("MaximumMessageSize", self.maximum_message_size),
            ("MessageRetentionPeriod", self.retention_seconds),
            ("ReceiveMessageWaitTimeSeconds", self.wait_seconds),
            ("VisibilityTimeout", self.visibility_seconds),
        ] {
            all.insert(name.to_owned(), number.to_string());
        }
        if let Some(redrive) = &self.redrive {
            let policy = json!({
                "deadLetterTargetArn": redrive.dead_letter_arn,
                "maxReceiveCount": redrive.max_receive_count,
            });
            all.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        all
    }
}

impl Redrive {
    /// An empty policy takes the policy away.
    fn parse(policy: &str) -> Result<Option<Self>, Fault> {
        if policy.is_empty() {
            return Ok(None);
        }
        let invalid = || {
            Fault::InvalidParameterValue(format!(
                "Value {policy} for parameter RedrivePolicy is invalid."
            ))
        };
        let fields: Value = serde_json::from_str(policy).map_err(|_| invalid())?;
        let count = match fields.get("maxReceiveCount") {
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let arn = fields.get("deadLetterTargetArn").and_then(Value::as_str);
        match (arn, count) {
            (Some(arn), Some(max_receive_count @ 1..=1000)) => Ok(Some(Self {
                dead_letter_arn: arn.to_owned(),
                max_receive_count,
            })),
            _ => Err(invalid()),
        }
    }
}

fn within(name: &str, value: &str, least: i64, most: i64) -> Result<i64, Fault> {
    match value.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(Fault::InvalidAttributeValue(name.to_owned())),
    }
}

/// Whether an attribute may be asked for, although a queue may have none.
pub(super) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "DelaySeconds"
            | "MaximumMessageSize"
            | "MessageRetentionPeriod"
            | "ReceiveMessageWaitTimeSeconds"
            | "VisibilityTimeout"
            | "RedrivePolicy"
            | "RedriveAllowPolicy"
            | "Policy"
            | "ApproximateNumberOfMessages"
            | "ApproximateNumberOfMessagesNotVisible"
            | "ApproximateNumberOfMessagesDelayed"
            | "CreatedTimestamp"
            | "LastModifiedTimestamp"
            | "QueueArn"
            | "KmsMasterKeyId"
            | "KmsDataKeyReusePeriodSeconds"
            | "SqsManagedSseEnabled"
            | "FifoQueue"
            | "ContentBasedDeduplication"
    )
}
