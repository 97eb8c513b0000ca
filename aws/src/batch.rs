//! One SQS batch in, one partial batch response out.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use anyhow::anyhow;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use cloudalbum_domain::OriginalKey;
use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{error, warn};

use crate::backoff::Backoff;
use crate::notification::{self, Created};

/// One original to work on, and how its message came here.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What to work on.
    pub original: OriginalKey,
    /// When S3 created it, or whoever redrove it said so.
    pub event_time: Timestamp,
    /// SQS's id of the message.
    pub message_id: String,
    /// How often the message was received, this time included; from 1.
    pub receive_count: u32,
    /// When the message entered the queue.
    pub sent_at: Option<Timestamp>,
    /// When the batch arrived here.
    pub received_at: Timestamp,
    /// `AWSTraceHeader`: the trace of whoever sent the message.
    pub trace_header: Option<String>,
}

/// How a job failed, which decides what becomes of its message.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The photo will never succeed: recorded by the job, then acknowledged.
    #[error("permanent failure")]
    Permanent(#[source] anyhow::Error),
    /// Something else was at fault: back to the queue, and to the DLQ in the end.
    #[error("transient failure")]
    Transient(#[source] anyhow::Error),
}

impl JobError {
    /// What another attempt may mend.
    pub fn transient(error: impl Into<anyhow::Error>) -> Self {
        Self::Transient(error.into())
    }
}

/// Runs `job` for every original named by `event`, one after the other, and
/// reports only the messages that should be delivered again.
///
/// A body we do not understand, or a key we did not mint, is reported too, so
/// that the DLQ keeps it for a person to look at. A message is understood whole
/// before any of its jobs runs. A job that panics costs its own message, and a
/// job that is not done at `deadline` is given up; messages not begun by then
/// are reported. `deadline` must leave time to answer.
///
/// # Errors
///
/// When a message has no id. An empty item identifier would make Lambda fail
/// the batch anyway, without saying why.
pub async fn run<J, F>(
    event: SqsEvent,
    deadline: Instant,
    backoff: Option<&Backoff>,
    job: J,
) -> Result<SqsBatchResponse, MissingMessageId>
where
    J: Fn(Delivery) -> F,
    F: Future<Output = Result<(), JobError>>,
{
    let received_at = Timestamp::now();
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().ok_or(MissingMessageId)?;
        if Instant::now() >= deadline {
            response.add_failure(id);
            continue;
        }
        let deliveries = match deliveries(&id, &message, received_at) {
            Ok(deliveries) => deliveries,
            Err(error) => {
                error!(messaging.message.id = %id, error = format!("{:#}", anyhow!(error)), "message not understood");
                response.add_failure(id);
                continue;
            }
        };
        let originals: Vec<OriginalKey> = deliveries
            .iter()
            .map(|delivery| delivery.original.clone())
            .collect();
        if let Err(error) = work(deliveries, deadline, &job).await {
            let reason = format!("{error:#}");
            error!(messaging.message.id = %id, error = reason, "message returned to the queue");
            if let Some(backoff) = backoff {
                backoff.note(&originals, &reason).await;
                backoff
                    .postpone(&message, receive_count(&message.attributes))
                    .await;
            }
            response.add_failure(id);
        }
    }
    Ok(response)
}

/// The batch holds a message that cannot be named in the response.
#[derive(Debug, thiserror::Error)]
#[error("SQS message has no messageId")]
pub struct MissingMessageId;

async fn work<J, F>(deliveries: Vec<Delivery>, deadline: Instant, job: &J) -> anyhow::Result<()>
where
    J: Fn(Delivery) -> F,
    F: Future<Output = Result<(), JobError>>,
{
    for delivery in deliveries {
        let photo = delivery.original.photo;
        // The closure itself may panic before it gives a future.
        let guarded = AssertUnwindSafe(async { job(delivery).await }).catch_unwind();
        match tokio::time::timeout_at(deadline, guarded).await {
            Err(_) => return Err(anyhow!("job not done at the deadline")),
            Ok(Err(panic)) => return Err(anyhow!("job panicked: {}", reason(&*panic))),
            Ok(Ok(Err(JobError::Permanent(error)))) => {
                warn!(photo.id = %photo, error = format!("{error:#}"), "gave up on a photo");
            }
            Ok(Ok(outcome)) => outcome?,
        }
    }
    Ok(())
}

fn reason(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn deliveries(
    id: &str,
    message: &SqsMessage,
    received_at: Timestamp,
) -> Result<Vec<Delivery>, notification::NotificationError> {
    let created = notification::parse(message.body.as_deref().unwrap_or_default())?;
    let delivery = |created: Created| Delivery {
        original: created.key,
        event_time: created.event_time,
        message_id: id.to_owned(),
        receive_count: receive_count(&message.attributes),
        sent_at: sent_at(&message.attributes),
        received_at,
        trace_header: message.attributes.get("AWSTraceHeader").cloned(),
    };
    Ok(created.into_iter().map(delivery).collect())
}

fn receive_count(attributes: &HashMap<String, String>) -> u32 {
    let count = attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok());
    count.unwrap_or(1)
}

fn sent_at(attributes: &HashMap<String, String>) -> Option<Timestamp> {
    let milliseconds = attributes.get("SentTimestamp")?.parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudalbum_domain::{PhotoId, Sha256};
    use serde_json::json;
    use std::cell::RefCell;
    use std::time::Duration;

    fn original(name: &str) -> OriginalKey {
        let owner = "ann".parse().unwrap();
        let photo = PhotoId::derive(&owner, &Sha256::of(name.as_bytes()));
        OriginalKey { owner, photo }
    }

    fn created(name: &str) -> String {
        let event_time = "2026-11-23T00:00:00Z".parse().unwrap();
        let created = Created {
            key: original(name),
            event_time,
            size: None,
            etag: None,
            sequencer: None,
        };
        notification::to_json(&created, "album")
    }

    fn event(bodies: &[(&str, String)]) -> SqsEvent {
        let attributes = json!({ "ApproximateReceiveCount": "3", "SentTimestamp": "1700000000000", "AWSTraceHeader": "Root=1" });
        let record = |(id, body): &(&str, String)| json!({ "messageId": id, "body": body, "attributes": attributes });
        serde_json::from_value(json!({ "Records": bodies.iter().map(record).collect::<Vec<_>>() }))
            .unwrap()
    }

    fn reported(response: SqsBatchResponse) -> Vec<String> {
        response
            .batch_item_failures
            .into_iter()
            .map(|item| item.item_identifier)
            .collect()
    }

    async fn job(delivery: Delivery) -> Result<(), JobError> {
        match delivery.original {
            key if key == original("busy") => {
                Err(JobError::Transient(anyhow!("S3 said slow down")))
            }
            key if key == original("bad") => Err(JobError::Permanent(anyhow!("not an image"))),
            key if key == original("bug") => panic!("index out of bounds"),
            key if key == original("slow") => std::future::pending().await,
            _ => Ok(()),
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[tokio::test]
    async fn reports_exactly_the_messages_worth_retrying() {
        let bodies = [
            ("good", created("good")),
            ("busy", created("busy")),
            ("bad", created("bad")),
            ("junk", "not json".to_owned()),
            ("test", json!({ "Event": "s3:TestEvent" }).to_string()),
            ("bug", created("bug")),
            (
                "rendition",
                created("good").replace("originals/", "renditions/"),
            ),
            (
                "envelope",
                json!({ "Type": "Notification", "Message": created("good") }).to_string(),
            ),
            ("last", created("last")),
        ];
        let response = run(event(&bodies), soon(), None, job).await.unwrap();
        assert_eq!(
            reported(response),
            ["busy", "junk", "bug", "rendition", "envelope"]
        );
    }

    #[tokio::test]
    async fn gives_up_at_the_deadline_and_reports_what_was_not_begun() {
        let bodies = [
            ("good", created("good")),
            ("slow", created("slow")),
            ("later", created("later")),
        ];
        let begun = RefCell::new(Vec::new());
        let response = run(
            event(&bodies),
            Instant::now() + Duration::from_millis(50),
            None,
            |delivery| {
                begun.borrow_mut().push(delivery.message_id.clone());
                job(delivery)
            },
        );
        assert_eq!(reported(response.await.unwrap()), ["slow", "later"]);
        assert_eq!(begun.into_inner(), ["good", "slow"]);
    }

    #[tokio::test]
    async fn a_message_is_understood_whole_before_any_job_runs() {
        let good = created("good");
        let mut both: serde_json::Value = serde_json::from_str(&good).unwrap();
        let mut foreign = both["Records"][0].clone();
        foreign["s3"]["object"]["key"] = json!("elsewhere/1");
        both["Records"].as_array_mut().unwrap().push(foreign);
        let run = run(
            event(&[("both", both.to_string())]),
            soon(),
            None,
            |_| async { panic!("no job may run") },
        );
        assert_eq!(reported(run.await.unwrap()), ["both"]);
    }

    #[tokio::test]
    async fn tells_the_job_how_its_message_came() {
        let seen = RefCell::new(None);
        run(
            event(&[("one", created("good"))]),
            soon(),
            None,
            |delivery| {
                seen.replace(Some(delivery));
                async { Ok(()) }
            },
        )
        .await
        .unwrap();
        let seen = seen.into_inner().unwrap();
        assert_eq!(
            (seen.receive_count, seen.trace_header.as_deref()),
            (3, Some("Root=1"))
        );
        assert_eq!(seen.sent_at.unwrap().as_second(), 1_700_000_000);
    }

    #[tokio::test]
    async fn a_message_without_an_id_is_an_error() {
        let event = serde_json::from_value(json!({ "Records": [{ "body": "{}" }] })).unwrap();
        assert!(run(event, soon(), None, job).await.is_err());
    }
}
