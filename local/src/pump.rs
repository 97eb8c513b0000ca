//! The queue pump: what Lambda's event source mapping does, on one machine.
//!
//! It receives a batch, hands it to the worker's own batch function, and
//! deletes the messages that were not reported as failed. The others come back
//! when their visibility timeout ends, and go to the dead-letter queue in the end.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context as _;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use axum::body::Body;
use bytes::Bytes;
use cloudalbum_aws::backoff::Backoff;
use cloudalbum_aws::batch::{self, Delivery, JobError};
use cloudalbum_aws::table::{Table, TableError};
use cloudalbum_domain::Stage;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::sqs::Sqs;

/// How one queue is worked on.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The queue's URL.
    pub queue_url: String,
    /// How many messages one batch has at the most, 1 to 10.
    pub batch_size: u8,
    /// How long one batch may take. The queue's visibility timeout is longer.
    pub timeout: Duration,
    /// The stage that the queue belongs to.
    pub stage: Stage,
}

/// How long one receive waits for messages: a pause takes hold after it.
const WAIT_SECONDS: u8 = 2;

/// Pumps one queue into `job` until `stop` says so, except while `paused` names
/// its stage; the batch under way is finished first.
pub async fn run<J, F>(
    sqs: Sqs,
    mapping: Mapping,
    backoff: Backoff,
    job: J,
    mut paused: watch::Receiver<Vec<Stage>>,
    mut stop: watch::Receiver<bool>,
) where
    J: Fn(Delivery) -> F,
    F: Future<Output = Result<(), JobError>>,
{
    while !*stop.borrow() {
        tokio::select! {
            // The watcher of the setting ends with the album.
            running = paused.wait_for(|stages| !stages.contains(&mapping.stage)) => {
                if running.is_err() {
                    return;
                }
            }
            _ = stop.changed() => return,
        }
        let received = tokio::select! {
            received = receive(&sqs, &mapping) => received,
            _ = stop.changed() => return,
        };
        let worked = match received {
            Ok(messages) if messages.is_empty() => Ok(()),
            Ok(messages) => work(&sqs, &mapping, &backoff, &job, messages).await,
            Err(error) => Err(error),
        };
        if let Err(error) = worked {
            tracing::error!(
                error = format!("{error:#}"),
                queue = mapping.queue_url,
                "cannot pump the queue"
            );
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The stages that operators paused before this process started.
pub async fn paused(table: &Table) -> Result<Vec<Stage>, TableError> {
    let pauses = table.paused().await?;
    Ok(pauses.iter().map(|pause| pause.stage).collect())
}

async fn work<J, F>(
    sqs: &Sqs,
    mapping: &Mapping,
    backoff: &Backoff,
    job: &J,
    messages: Vec<SqsMessage>,
) -> anyhow::Result<()>
where
    J: Fn(Delivery) -> F,
    F: Future<Output = Result<(), JobError>>,
{
    let receipts: Vec<(String, String)> = messages
        .iter()
        .filter_map(|message| Some((message.message_id.clone()?, message.receipt_handle.clone()?)))
        .collect();
    let mut event = SqsEvent::default();
    event.records = messages;
    let deadline = Instant::now() + mapping.timeout;
    let response = batch::run(event, deadline, Some(backoff), job).await?;
    let failed: HashSet<String> = response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect();
    let done: Vec<Value> = receipts
        .into_iter()
        .filter(|(id, _)| !failed.contains(id))
        .enumerate()
        .map(|(position, (_, receipt))| json!({ "Id": position.to_string(), "ReceiptHandle": receipt }))
        .collect();
    if !done.is_empty() {
        call(
            sqs,
            "DeleteMessageBatch",
            &json!({ "QueueUrl": mapping.queue_url, "Entries": done }),
        )
        .await?;
    }
    Ok(())
}

/// The messages of an answer to `ReceiveMessage`.
#[derive(Deserialize)]
struct Received {
    #[serde(rename = "Messages", default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: std::collections::HashMap<String, String>,
}

async fn receive(sqs: &Sqs, mapping: &Mapping) -> anyhow::Result<Vec<SqsMessage>> {
    let ask = json!({
        "QueueUrl": mapping.queue_url,
        "MaxNumberOfMessages": mapping.batch_size,
        "WaitTimeSeconds": WAIT_SECONDS,
        "MessageSystemAttributeNames": ["All"],
    });
    let answer = call(sqs, "ReceiveMessage", &ask).await?;
    let received: Received =
        serde_json::from_slice(&answer).context("SQS answered what is no batch")?;
    let message = |message: Message| {
        let mut event = SqsMessage::default();
        event.message_id = Some(message.message_id);
        event.receipt_handle = Some(message.receipt_handle);
        event.body = Some(message.body);
        event.attributes = message.attributes;
        event
    };
    Ok(received.messages.into_iter().map(message).collect())
}

/// Makes one SQS call in this process.
pub(crate) async fn call(sqs: &Sqs, action: &str, body: &Value) -> anyhow::Result<Bytes> {
    let answer = sqs
        .handle(
            &format!("AmazonSQS.{action}"),
            Bytes::from(body.to_string()),
        )
        .await;
    let status = answer.status();
    let body: Body = answer.into_body();
    let bytes = body.collect().await?.to_bytes();
    anyhow::ensure!(
        status.is_success(),
        "{action}: {}",
        String::from_utf8_lossy(&bytes)
    );
    Ok(bytes)
}
