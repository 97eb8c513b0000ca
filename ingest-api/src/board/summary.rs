//! `/v1/ops/summary`: queues by SQS and photos by their records, counted apart.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use cloudalbum_aws::queue::{Counts, QueueError};
use cloudalbum_aws::table::{Table, TableError};
use cloudalbum_domain::wire::{StageFigures, Standing, Summary};
use jiff::Timestamp;
use tokio::time::Instant;

use super::tally::{StageTally, Tally};
use super::{Board, Last, StageQueues, watched};
use crate::{App, Caller, Problem};

/// Figures are at least so fresh, where counting is quick.
const FRESH: Duration = Duration::from_secs(1);
/// Counting takes at most one part in so many of the time.
const SHARE: u32 = 20;
/// Over how long the rate of incoming messages is taken.
const DEPTHS: Duration = Duration::from_mins(1);

/// Queues, stages, photos and failures at a glance.
#[utoipa::path(
    get, path = "/v1/ops/summary",
    responses((status = 200, body = Summary), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn read(State(app): State<App>, caller: Caller) -> Result<Json<Summary>, Problem> {
    caller.require_operator()?;
    let summary = Box::pin(app.board.summary(&app.table)).await;
    let summary = summary.map_err(|error| Problem::unavailable(&error))?;
    Ok(Json(Summary::clone(&summary)))
}

/// The figures could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SummaryError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Board {
    /// Counts, or tells what was counted a moment ago: everybody who looks at
    /// the board shares one count, and a large album is counted less often.
    pub(crate) async fn summary(&self, table: &Table) -> Result<Arc<Summary>, SummaryError> {
        let mut last = self.last.lock().await;
        if let Some((at, took, summary)) = &last.summary
            && at.elapsed() < FRESH.max(*took * SHARE)
        {
            return Ok(Arc::clone(summary));
        }
        let begun = Instant::now();
        let summary = Arc::new(Box::pin(self.count(table, &mut last)).await?);
        last.summary = Some((Instant::now(), begun.elapsed(), Arc::clone(&summary)));
        Ok(summary)
    }

    async fn count(&self, table: &Table, last: &mut Last) -> Result<Summary, SummaryError> {
        let [thumbnails, metadata] = &self.queues;
        let counts = async { tokio::try_join!(thumbnails.count(), metadata.count()) };
        let now = Timestamp::now();
        let mut tally = Tally::new(now);
        let records = async {
            table.census(|photo| tally.see(&photo)).await?;
            table.ledger().await
        };
        let watched = self.watched(&mut last.watched);
        let (counted, ledger, watched) = futures::join!(counts, records, watched);
        let ((thumbnails, thumbnails_dead), (metadata, metadata_dead)) = counted?;
        let ledger = ledger?;

        let depths = [thumbnails, metadata];
        let moment = Instant::now();
        while last
            .depths
            .front()
            .is_some_and(|(at, _)| moment.duration_since(*at) > DEPTHS)
        {
            last.depths.pop_front();
        }
        last.depths.push_back((moment, depths));
        let dead = [thumbnails_dead, metadata_dead];
        let stages = self.queues.iter().zip(depths).zip(dead).zip(watched);
        let stages = stages.enumerate();
        let stages = stages.map(|(index, (((queues, counts), dead), watched))| {
            let growth = growth(&last.depths, index);
            let tally = tally.stage(queues.stage);
            let figures = stage(queues, counts, dead, growth, tally, now);
            StageFigures {
                // A process that has counted the queue only once asks CloudWatch.
                in_per_second: figures
                    .in_per_second
                    .or(watched.as_ref().map(watched::sent_per_second)),
                watched,
                ..figures
            }
        });
        Ok(Summary {
            at: now,
            stages: stages.collect(),
            photos: Standing {
                ledger,
                ..tally.standing.clone()
            },
            failures: tally.failures(),
            steps: tally.steps(),
            minutes: tally.minutes(),
            traces_url: self.console(),
        })
    }
}

impl StageQueues {
    async fn count(&self) -> Result<(Counts, Option<u64>), QueueError> {
        let dead = async {
            match &self.dead {
                Some(queue) => queue.counts().await.map(|counts| Some(depth(counts))),
                None => Ok(None),
            }
        };
        tokio::try_join!(self.queue.counts(), dead)
    }
}

fn depth(counts: Counts) -> u64 {
    counts.visible + counts.in_flight + counts.delayed
}

/// By how many messages a second a queue grew, once it was counted twice.
#[expect(clippy::cast_precision_loss, reason = "no queue holds 2^52 messages")]
fn growth(depths: &VecDeque<(Instant, [Counts; 2])>, stage: usize) -> Option<f64> {
    let (begin, before) = depths.front()?;
    let (end, after) = depths.back()?;
    let seconds = end.duration_since(*begin).as_secs_f64();
    let grown = depth(*after.get(stage)?) as f64 - depth(*before.get(stage)?) as f64;
    (seconds > 0.0).then(|| grown / seconds)
}

#[expect(clippy::cast_precision_loss, reason = "no queue holds 2^52 messages")]
fn stage(
    queues: &StageQueues,
    counts: Counts,
    dead: Option<u64>,
    growth: Option<f64>,
    tally: &StageTally,
    now: Timestamp,
) -> StageFigures {
    let messages = depth(counts);
    let out = tally.finished_per_second(now);
    let held = i64::try_from(messages + dead.unwrap_or(0)).unwrap_or(i64::MAX);
    let (arrived, any) = tally.oldest;
    let oldest = arrived.or(any.filter(|_| messages > 0));
    let incoming = growth.map(|growth| (growth + out).max(0.0));
    let shrinks = out - incoming.unwrap_or(0.0);
    StageFigures {
        stage: queues.stage,
        visible: counts.visible,
        in_flight: counts.in_flight,
        delayed: counts.delayed,
        dead,
        unfinished: tally.unfinished,
        without_message: i64::try_from(tally.unfinished).unwrap_or(i64::MAX) - held,
        oldest_seconds: oldest.map(|since| now.duration_since(since).as_secs_f64().max(0.0)),
        in_per_second: incoming,
        out_per_second: out,
        failed_per_second: tally.failed_per_second(now),
        drain_seconds: (messages > 0 && shrinks > 0.0).then(|| messages as f64 / shrinks),
        watched: None,
    }
}
