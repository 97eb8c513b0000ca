//! One SQS queue: sending, counting, postponing, listing, moving back.

use std::error::Error as StdError;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use cloudalbum_domain::TraceContext;
use jiff::Timestamp;

/// A queue by its URL.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// How many messages a queue holds, as SQS estimates it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting to be received.
    pub visible: u64,
    /// Received and neither deleted nor seen again yet.
    pub in_flight: u64,
    /// Sent with a delay that is not over.
    pub delayed: u64,
}

/// A message to send.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The text.
    pub body: String,
    /// Becomes `AWSTraceHeader`.
    pub trace: Option<TraceContext>,
}

/// A message as [`Queue::receive`] found it.
#[derive(Clone, Debug)]
pub struct Received {
    /// SQS's id.
    pub id: String,
    /// What deletes or postpones this receipt of it.
    pub receipt_handle: String,
    /// The text.
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// When it entered the queue.
    pub sent_at: Option<Timestamp>,
}

impl Queue {
    /// SQS takes and gives this many messages in one call.
    pub const BATCH: usize = 10;

    /// The queue at `url`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// The queue's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The queue's name, which its URL ends with.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// Sends one message.
    pub async fn send(&self, message: &Outgoing) -> Result<(), QueueError> {
        let call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(&message.body);
        let call = match &message.trace {
            Some(trace) => call.message_system_attributes(
                MessageSystemAttributeNameForSends::AwsTraceHeader,
                trace_header(trace).map_err(|error| QueueError::new("SendMessage", error))?,
            ),
            None => call,
        };
        call.send()
            .await
            .map_err(|error| QueueError::new("SendMessage", error))?;
        Ok(())
    }

    /// Sends `messages`, ten at a time. After an error some may have been sent:
    /// sending all of them again is harmless to our workers.
    pub async fn send_batch(&self, messages: &[Outgoing]) -> Result<(), QueueError> {
        for chunk in messages.chunks(Self::BATCH) {
            let entries = chunk
                .iter()
                .enumerate()
                .map(|(index, message)| entry(index, message));
            let entries = entries
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| QueueError::new("SendMessageBatch", error))?;
            let sent = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await;
            let sent = sent.map_err(|error| QueueError::new("SendMessageBatch", error))?;
            if let Some(failed) = sent.failed.first() {
                return Err(QueueError::new(
                    "SendMessageBatch",
                    format!(
                        "{} of {} refused: {}",
                        sent.failed.len(),
                        chunk.len(),
                        failed.code
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Makes a received message visible again after `wait` (whole seconds).
    pub async fn change_visibility(
        &self,
        receipt_handle: &str,
        wait: Duration,
    ) -> Result<(), QueueError> {
        let seconds = i32::try_from(wait.as_secs()).unwrap_or(i32::MAX);
        let call = self.client.change_message_visibility().queue_url(&self.url);
        let call = call
            .receipt_handle(receipt_handle)
            .visibility_timeout(seconds);
        call.send()
            .await
            .map_err(|error| QueueError::new("ChangeMessageVisibility", error))?;
        Ok(())
    }

    /// Asks how many messages the queue holds.
    pub async fn counts(&self) -> Result<Counts, QueueError> {
        use QueueAttributeName as Name;
        let names = [
            Name::ApproximateNumberOfMessages,
            Name::ApproximateNumberOfMessagesNotVisible,
            Name::ApproximateNumberOfMessagesDelayed,
        ];
        let call = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .set_attribute_names(Some(names.to_vec()));
        let answer = call
            .send()
            .await
            .map_err(|error| QueueError::new("GetQueueAttributes", error))?;
        let [visible, in_flight, delayed] = names.map(|name| {
            let count = answer
                .attributes()
                .and_then(|all| all.get(&name)?.parse().ok());
            count.ok_or_else(|| {
                QueueError::new("GetQueueAttributes", format!("no {name} in the answer"))
            })
        });
        Ok(Counts {
            visible: visible?,
            in_flight: in_flight?,
            delayed: delayed?,
        })
    }

    /// Receives up to ten messages without waiting, hidden from others for
    /// `hidden` (whole seconds).
    pub async fn receive(&self, hidden: Duration) -> Result<Vec<Received>, QueueError> {
        use MessageSystemAttributeName as Name;
        let call = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(0);
        let call = call.visibility_timeout(i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX));
        let call = call.message_system_attribute_names(Name::ApproximateReceiveCount);
        let call = call.message_system_attribute_names(Name::SentTimestamp);
        let answer = call
            .send()
            .await
            .map_err(|error| QueueError::new("ReceiveMessage", error))?;
        let received = |message: aws_sdk_sqs::types::Message| {
            let attribute = |name| {
                message
                    .attributes
                    .as_ref()
                    .and_then(|all| all.get(&name))
                    .map(String::as_str)
            };
            let count =
                attribute(Name::ApproximateReceiveCount).and_then(|count| count.parse().ok());
            let sent = attribute(Name::SentTimestamp)
                .and_then(|sent| Timestamp::from_millisecond(sent.parse().ok()?).ok());
            Some(Received {
                receive_count: count.unwrap_or(1),
                sent_at: sent,
                id: message.message_id?,
                receipt_handle: message.receipt_handle?,
                body: message.body.unwrap_or_default(),
            })
        };
        Ok(answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .filter_map(received)
            .collect())
    }

    /// Removes a received message for good.
    pub async fn delete(&self, receipt_handle: &str) -> Result<(), QueueError> {
        let call = self
            .client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle);
        call.send()
            .await
            .map_err(|error| QueueError::new("DeleteMessage", error))?;
        Ok(())
    }

    /// Receives up to `most` messages without waiting, hidden from others for
    /// `hidden` (whole seconds). A queue of many partitions may hold more than
    /// it shows.
    pub async fn receive_many(
        &self,
        most: usize,
        hidden: Duration,
    ) -> Result<Vec<Received>, QueueError> {
        let mut all = Vec::new();
        while all.len() < most {
            let some = self.receive(hidden).await?;
            if some.is_empty() {
                break;
            }
            all.extend(some);
        }
        Ok(all)
    }

    /// Of a dead-letter queue: starts to move all messages back to the queues
    /// they came from.
    pub async fn move_back(&self) -> Result<(), QueueError> {
        let call = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::QueueArn);
        let answer = call
            .send()
            .await
            .map_err(|error| QueueError::new("GetQueueAttributes", error))?;
        let arn = answer
            .attributes()
            .and_then(|all| all.get(&QueueAttributeName::QueueArn));
        let arn =
            arn.ok_or_else(|| QueueError::new("GetQueueAttributes", "no QueueArn in the answer"))?;
        let task = self.client.start_message_move_task().source_arn(arn).send();
        task.await
            .map_err(|error| QueueError::new("StartMessageMoveTask", error))?;
        Ok(())
    }
}

/// SQS could not be asked, or gave an answer that makes no sense. Always worth
/// another try later.
#[derive(Debug, thiserror::Error)]
#[error("queue unavailable: {call}")]
pub struct QueueError {
    /// Which call failed.
    pub call: &'static str,
    #[source]
    source: Box<dyn StdError + Send + Sync>,
}

impl QueueError {
    fn new(call: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            call,
            source: source.into(),
        }
    }
}

fn entry(
    index: usize,
    message: &Outgoing,
) -> Result<SendMessageBatchRequestEntry, aws_sdk_sqs::error::BuildError> {
    let entry = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(&message.body);
    let entry = match &message.trace {
        Some(trace) => entry.message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            trace_header(trace)?,
        ),
        None => entry,
    };
    entry.build()
}

fn trace_header(
    trace: &TraceContext,
) -> Result<MessageSystemAttributeValue, aws_sdk_sqs::error::BuildError> {
    MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(trace.to_string())
        .build()
}
