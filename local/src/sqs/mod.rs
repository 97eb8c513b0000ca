//! SQS on one SQLite file: its JSON protocol, and a door for this process.
//!
//! Every call is one transaction that is on the disk before it is answered, so
//! a crash loses no acknowledged message and no receive count.

mod batch;
mod digest;
mod fault;
mod journal;
mod manage;
mod queue;
mod receipt;
mod receive;
mod redrive;
mod send;
mod store;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use rusqlite::{Connection, TransactionBehavior};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::error;
use url::Url;

pub use journal::Intent;
pub use manage::Depth;
pub use send::Outgoing;

use crate::clock::Clock;
use fault::Fault;
use queue::Address;
use receive::ReceiveMessage;
use store::Store;

/// Where the queues are kept and how they are named.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The SQLite file.
    pub path: PathBuf,
    /// What queue URLs start with.
    pub base_url: Url,
    pub region: String,
}

/// All queues of this machine; clones share them.
#[derive(Clone, Debug)]
pub struct Sqs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: Mutex<Connection>,
    /// Woken whenever a message may have become visible.
    arrivals: Notify,
    clock: Clock,
    address: Address,
}

/// The queues cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the queues refused: {0}")]
pub struct StoreError(#[from] Fault);

impl Sqs {
    /// Opens the file, and makes it if there is none.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, rusqlite::Error> {
        Ok(Self(Arc::new(Inner {
            connection: Mutex::new(store::open(&settings.path)?),
            arrivals: Notify::new(),
            clock,
            address: Address {
                base_url: settings.base_url,
                region: settings.region,
            },
        })))
    }

    /// Answers one call of the JSON protocol.
    ///
    /// `target` is the `X-Amz-Target` header, such as `AmazonSQS.SendMessage`.
    pub async fn handle(&self, target: &str, body: Bytes) -> Response {
        match self.call(target, &body).await {
            Ok(answer) => (
                [("content-type", "application/x-amz-json-1.0")],
                answer.to_string(),
            )
                .into_response(),
            Err(fault) => {
                if !fault.is_sender_fault() {
                    error!(error = ?fault, target, "queue call failed");
                }
                fault.into_response()
            }
        }
    }

    /// Counts the messages of a queue, for this process's own board.
    pub async fn depth(&self, queue: &str) -> Result<Depth, StoreError> {
        let name = queue.to_owned();
        let depth = self
            .transact(move |store| {
                let queue = store
                    .queue_by_name(&name)?
                    .ok_or(Fault::QueueDoesNotExist)?;
                manage::depth(store, &queue)
            })
            .await?;
        Ok(depth)
    }

    /// Shows the messages again that a receiver, which ended, had in flight.
    ///
    /// On AWS they wait out their visibility timeout; here the receivers live
    /// in this process, so at its start none of them is left.
    pub async fn give_back(&self, queue: &str) -> Result<(), StoreError> {
        let name = queue.to_owned();
        self.transact(move |store| {
            let queue = store
                .queue_by_name(&name)?
                .ok_or(Fault::QueueDoesNotExist)?;
            receipt::give_back(store, &queue)
        })
        .await?;
        Ok(())
    }

    async fn call(&self, target: &str, body: &[u8]) -> Result<Value, Fault> {
        let call = target.strip_prefix("AmazonSQS.").unwrap_or_default();
        let answer = self.run(target, call, body).await?;
        if matches!(
            call,
            "SendMessage"
                | "SendMessageBatch"
                | "ChangeMessageVisibility"
                | "ChangeMessageVisibilityBatch"
                | "StartMessageMoveTask"
        ) {
            self.announce();
        }
        Ok(answer)
    }

    async fn run(&self, target: &str, call: &str, body: &[u8]) -> Result<Value, Fault> {
        match call {
            "CreateQueue" => self.answer(body, manage::create_queue).await,
            "DeleteQueue" => self.answer(body, manage::delete_queue).await,
            "GetQueueUrl" => self.answer(body, manage::get_queue_url).await,
            "ListQueues" => self.answer(body, manage::list_queues).await,
            "GetQueueAttributes" => self.answer(body, manage::get_attributes).await,
            "SetQueueAttributes" => self.answer(body, manage::set_attributes).await,
            "PurgeQueue" => self.answer(body, manage::purge_queue).await,
            "SendMessage" => self.answer(body, send::send_message).await,
            "SendMessageBatch" => self.answer(body, send::send_batch).await,
            "ReceiveMessage" => self.receive(parse(body)?).await,
            "DeleteMessage" => self.answer(body, receipt::delete_message).await,
            "DeleteMessageBatch" => self.answer(body, receipt::delete_batch).await,
            "ChangeMessageVisibility" => self.answer(body, receipt::change_visibility).await,
            "ChangeMessageVisibilityBatch" => {
                self.answer(body, receipt::change_visibility_batch).await
            }
            "ListDeadLetterSourceQueues" => self.answer(body, redrive::list_sources).await,
            "StartMessageMoveTask" => self.answer(body, redrive::start).await,
            "ListMessageMoveTasks" => self.answer(body, redrive::list).await,
            _ => Err(Fault::UnknownOperation(target.to_owned())),
        }
    }

    async fn answer<C>(
        &self,
        body: &[u8],
        run: fn(&Store<'_>, &C) -> Result<Value, Fault>,
    ) -> Result<Value, Fault>
    where
        C: DeserializeOwned + Send + 'static,
    {
        let call = parse(body)?;
        self.transact(move |store| run(store, &call)).await
    }

    /// Waits for messages as long as the caller asked.
    async fn receive(&self, call: ReceiveMessage) -> Result<Value, Fault> {
        let started = Instant::now();
        loop {
            let arrival = self.0.arrivals.notified();
            tokio::pin!(arrival);
            // Listening starts before looking, so that no arrival falls in between.
            arrival.as_mut().enable();
            let asked = call.clone();
            let received = self
                .transact(move |store| receive::receive(store, &asked))
                .await?;
            let wait = Duration::from_secs(u64::try_from(received.wait_seconds).unwrap_or(0));
            let left = wait.saturating_sub(started.elapsed());
            if !received.messages.is_empty() {
                return Ok(json!({ "Messages": received.messages }));
            }
            if left.is_zero() {
                return Ok(json!({}));
            }
            let next = received
                .next_in
                .and_then(|millis| u64::try_from(millis).ok())
                .map_or(left, Duration::from_millis);
            tokio::select! {
                () = arrival => {}
                () = tokio::time::sleep(next.min(left)) => {}
            }
        }
    }

    /// Runs on a thread that may block, in a transaction that one error undoes.
    async fn transact<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Store<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            // A panic inside rolled its transaction back, so the connection stays good.
            let mut connection = inner
                .connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = run(&Store {
                tx: &tx,
                now: inner.clock.now().as_millisecond(),
                address: &inner.address,
            })?;
            tx.commit()?;
            Ok(answer)
        });
        done.await.map_err(|error| Fault::Internal(error.into()))?
    }

    fn announce(&self) {
        self.0.arrivals.notify_waiters();
    }
}

fn parse<C: DeserializeOwned>(body: &[u8]) -> Result<C, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Serialization(error.to_string()))
}
