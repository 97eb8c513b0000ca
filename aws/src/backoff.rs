//! When a message that failed for a passing reason comes back, and the note
//! of that reason.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use cloudalbum_domain::{OriginalKey, Setback, Stage};
use jiff::Timestamp;
use tracing::warn;

use crate::queue::Queue;
use crate::table::Table;

/// Postpones messages by their receive count: doubling from [`Backoff::FIRST`]
/// to [`Backoff::LONGEST`], each shortened by up to half so that messages which
/// failed together do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    queue: Queue,
    notes: Option<(Table, Stage)>,
}

impl Backoff {
    /// The wait after the first failure, before jitter.
    pub const FIRST: Duration = Duration::from_secs(4);
    /// No wait is longer.
    pub const LONGEST: Duration = Duration::from_mins(15);

    /// For messages of `queue`.
    pub fn new(queue: Queue) -> Self {
        Self { queue, notes: None }
    }

    /// Notes on records of `table` why an attempt at `stage` was broken off.
    #[must_use]
    pub fn noting(self, table: Table, stage: Stage) -> Self {
        Self {
            notes: Some((table, stage)),
            ..self
        }
    }

    /// Notes the reason for operators. When that fails, too, the log has it.
    pub(crate) async fn note(&self, originals: &[OriginalKey], reason: &str) {
        let Some((table, stage)) = &self.notes else {
            return;
        };
        let setback = Setback::new(reason, Timestamp::now());
        for original in originals {
            if let Err(error) = table.set_back(original, *stage, &setback).await {
                warn!(
                    photo.id = %original.photo,
                    error = format!("{:#}", anyhow::anyhow!(error)),
                    "reason of the failed attempt not noted"
                );
            }
        }
    }

    /// Sets when `message` is seen again. Without this it comes back when its
    /// visibility timeout ends, so a failure here is logged and no more.
    pub(crate) async fn postpone(&self, message: &SqsMessage, receive_count: u32) {
        let Some(handle) = &message.receipt_handle else {
            return;
        };
        let id = message.message_id.as_deref().unwrap_or_default();
        let wait = wait(id, receive_count);
        if let Err(error) = self.queue.change_visibility(handle, wait).await {
            warn!(
                messaging.message.id = id,
                error = format!("{:#}", anyhow::anyhow!(error)),
                "message not postponed"
            );
        }
    }
}

/// The jitter follows from the message and the count: no clock, no dice.
fn wait(message_id: &str, receive_count: u32) -> Duration {
    let doublings = receive_count.saturating_sub(1).min(16);
    let longest = Backoff::FIRST
        .saturating_mul(1 << doublings)
        .min(Backoff::LONGEST);
    let mut hasher = DefaultHasher::new();
    (message_id, receive_count).hash(&mut hasher);
    let percent = u32::try_from(50 + hasher.finish() % 51).unwrap_or(100);
    longest * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn doubles_and_spreads() {
        let first: Vec<_> = (0..100).map(|n| wait(&format!("m{n}"), 1)).collect();
        let distinct: std::collections::HashSet<_> = first.iter().collect();
        assert!(distinct.len() > 20, "{distinct:?}");
        assert!(wait("m1", 1) <= Duration::from_secs(4));
        assert!(wait("m1", 6) >= Duration::from_secs(64));
    }

    proptest! {
        #[test]
        fn stays_within_half_and_the_longest(id: String, count: u32) {
            let wait = wait(&id, count);
            prop_assert!(wait >= Backoff::FIRST / 2 && wait <= Backoff::LONGEST);
        }
    }
}
