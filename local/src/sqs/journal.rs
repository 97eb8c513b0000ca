//! Messages of this process, and the journal of events about to happen.
//!
//! An object must not appear without its event, and the file system and the
//! queues share no transaction.
//! So the intent is written first, and what a crash leaves is found at start.

use rusqlite::params;

use super::fault::Fault;
use super::send::{Outgoing, send_own};
use super::store::Store;
use super::{Sqs, StoreError};

/// An event that is about to happen, or happened just before a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Names this one attempt; the caller's choice, unique per attempt.
    pub key: String,
    pub bucket: String,
    /// Whatever the caller needs to finish or drop the attempt, as JSON.
    pub event: String,
    /// When it was recorded, in milliseconds since 1970.
    pub at: i64,
}

impl Sqs {
    /// Sends to several queues in one transaction, durable when this returns.
    pub async fn send_all(&self, messages: Vec<Outgoing>) -> Result<(), StoreError> {
        self.transact(move |store| send_each(store, &messages))
            .await?;
        self.announce();
        Ok(())
    }

    /// Records an intent, durable when this returns.
    pub async fn record_intent(
        &self,
        key: &str,
        bucket: &str,
        event: &str,
    ) -> Result<(), StoreError> {
        let (key, bucket, event) = (key.to_owned(), bucket.to_owned(), event.to_owned());
        self.transact(move |store| {
            store
                .tx
                .prepare_cached(
                    "insert or replace into intents (key, bucket, event, at) values (?1, ?2, ?3, ?4)",
                )?
                .execute(params![key, bucket, event, store.now])?;
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Sends the messages of an intent and removes it, both or neither.
    ///
    /// An intent that is already gone sends nothing, so recovery may race a
    /// request without a double.
    pub async fn commit_intent(
        &self,
        key: &str,
        messages: Vec<Outgoing>,
    ) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.transact(move |store| {
            if remove(store, &key)? {
                send_each(store, &messages)?;
            }
            Ok(())
        })
        .await?;
        self.announce();
        Ok(())
    }

    /// Drops the intent of an attempt that came to nothing.
    pub async fn drop_intent(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.transact(move |store| remove(store, &key)).await?;
        Ok(())
    }

    /// Every intent that is neither committed nor dropped, oldest first.
    pub async fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        let intents = self
            .transact(|store| {
                let mut statement = store.tx.prepare_cached(
                    "select key, bucket, event, at from intents order by at, rowid",
                )?;
                let rows = statement.query_map([], |row| {
                    Ok(Intent {
                        key: row.get(0)?,
                        bucket: row.get(1)?,
                        event: row.get(2)?,
                        at: row.get(3)?,
                    })
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await?;
        Ok(intents)
    }
}

fn send_each(store: &Store<'_>, messages: &[Outgoing]) -> Result<(), Fault> {
    messages
        .iter()
        .try_for_each(|message| send_own(store, message))
}

fn remove(store: &Store<'_>, key: &str) -> Result<bool, Fault> {
    let removed = store
        .tx
        .prepare_cached("delete from intents where key = ?1")?
        .execute(params![key])?;
    Ok(removed > 0)
}
