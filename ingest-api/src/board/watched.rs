//! What CloudWatch adds to the board, where the workers send their figures to it.

use std::time::Duration;

use cloudalbum_domain::wire::Watched;
use tokio::time::Instant;

use super::Board;

/// CloudWatch has a new minute no sooner, and each figure costs money.
const FRESH: Duration = Duration::from_mins(1);
/// Over how long CloudWatch's sums go, in seconds.
const SPAN: f64 = 300.0;

impl Board {
    /// What CloudWatch saw of each stage. The board goes without it where
    /// CloudWatch does not answer.
    pub(super) async fn watched(
        &self,
        last: &mut Option<(Instant, [Option<Watched>; 2])>,
    ) -> [Option<Watched>; 2] {
        let Some(watch) = &self.watch else {
            return [None, None];
        };
        if let Some((at, known)) = last
            && at.elapsed() < FRESH
        {
            return known.clone();
        }
        let stages = self.queues.each_ref();
        let stages = stages.map(|queues| (queues.stage, queues.queue.name()));
        let seen = match watch.look(stages).await {
            Ok(seen) => seen.map(Some),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the board goes without CloudWatch");
                [None, None]
            }
        };
        *last = Some((Instant::now(), seen.clone()));
        seen
    }
}

/// How many messages a second came into the queue.
#[expect(clippy::cast_precision_loss, reason = "no queue holds 2^52 messages")]
pub(super) fn sent_per_second(watched: &Watched) -> f64 {
    watched.sent as f64 / SPAN
}
