//! `/v1/ops/summary`: queues by SQS and photos by their records, counted apart.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use cloudalbum_aws::queue::{Counts, QueueError};
use cloudalbum_aws::table::{Table, TableError};
use cloudalbum_domain::Stage;
use cloudalbum_domain::wire::{StageFigures, Standing, Summary};
use jiff::Timestamp;
use tokio::time::Instant;

use super::tally::Tally;
use super::{Board, Census, Last, StageQueues, watched};
use crate::{App, Caller, Problem};

/// Queues are at least so fresh, and records where counting them is quick.
const FRESH: Duration = Duration::from_secs(1);
/// Counting records takes at most one part in so many of the time.
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
    /// the board shares one count. The records of a large album are counted
    /// less often than its queues, which is `counted_at`.
    pub(crate) async fn summary(&self, table: &Table) -> Result<Arc<Summary>, SummaryError> {
        let mut last = self.last.lock().await;
        if let Some((at, summary)) = &last.summary
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(summary));
        }
        let summary = Arc::new(Box::pin(self.count(table, &mut last)).await?);
        last.summary = Some((Instant::now(), Arc::clone(&summary)));
        Ok(summary)
    }

    async fn count(&self, table: &Table, last: &mut Last) -> Result<Summary, SummaryError> {
        let now = Timestamp::now();
        let counts = self.queues.each_ref().map(StageQueues::count);
        let counts = futures::future::try_join_all(counts);
        let before = last.census.take().filter(Census::is_fresh);
        let census = async {
            match before {
                Some(census) => Ok(census),
                None => Census::take(table, now).await,
            }
        };
        let (counts, census, watched) =
            futures::join!(counts, census, self.watched(&mut last.watched));
        let census = last.census.insert(census?);
        let counts = counts?;
        let held = counts
            .iter()
            .map(|(counts, dead)| depth(*counts) + dead.unwrap_or(0));
        if census.at == now {
            census.held = held.collect();
        }

        let moment = Instant::now();
        while last
            .depths
            .front()
            .is_some_and(|(at, _)| moment.duration_since(*at) > DEPTHS)
        {
            last.depths.pop_front();
        }
        let depths = counts.iter().map(|(counts, _)| depth(*counts)).collect();
        last.depths.push_back((moment, depths));
        let stages = self.queues.iter().zip(counts).zip(watched).enumerate();
        let stages = stages.map(|(index, ((queues, counts), watched))| {
            let growth = growth(&last.depths, index);
            let figures = stage(queues.stage, counts, growth, index, census);
            StageFigures {
                // A process that has counted the queue only once asks CloudWatch.
                in_per_second: figures
                    .in_per_second
                    .or(watched.as_ref().map(watched::sent_per_second)),
                watched,
                ..figures
            }
        });
        let stages = stages.collect();
        Ok(Summary {
            at: now,
            counted_at: census.at,
            stages,
            photos: Standing {
                ledger: census.ledger,
                ..census.tally.standing.clone()
            },
            failures: census.tally.failures(),
            steps: census.tally.steps(),
            minutes: census.tally.minutes(),
            traces_url: self.console(),
        })
    }
}

impl Census {
    async fn take(table: &Table, at: Timestamp) -> Result<Self, TableError> {
        let begun = Instant::now();
        let mut tally = Tally::new(at);
        table.census(|photo| tally.see(&photo)).await?;
        Ok(Self {
            ledger: table.ledger().await?,
            ended: Instant::now(),
            took: begun.elapsed(),
            at,
            tally,
            held: Vec::new(),
        })
    }

    fn is_fresh(&self) -> bool {
        self.ended.elapsed() < FRESH.max(self.took * SHARE)
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
fn growth(depths: &VecDeque<(Instant, Vec<u64>)>, stage: usize) -> Option<f64> {
    let (begin, before) = depths.front()?;
    let (end, after) = depths.back()?;
    let seconds = end.duration_since(*begin).as_secs_f64();
    let grown = *after.get(stage)? as f64 - *before.get(stage)? as f64;
    (seconds > 0.0).then(|| grown / seconds)
}

#[expect(clippy::cast_precision_loss, reason = "no queue holds 2^52 messages")]
fn stage(
    stage: Stage,
    (counts, dead): (Counts, Option<u64>),
    growth: Option<f64>,
    index: usize,
    census: &Census,
) -> StageFigures {
    let messages = depth(counts);
    let tally = census.tally.stage(stage);
    let out = tally.finished_per_second(census.at);
    let held = census.held.get(index).copied().unwrap_or(0);
    let held = i64::try_from(held).unwrap_or(i64::MAX);
    let (arrived, any) = tally.oldest;
    let oldest = arrived.or(any.filter(|_| messages > 0));
    let incoming = growth.map(|growth| (growth + out).max(0.0));
    let shrinks = out - incoming.unwrap_or(0.0);
    StageFigures {
        stage,
        visible: counts.visible,
        in_flight: counts.in_flight,
        delayed: counts.delayed,
        dead,
        unfinished: tally.unfinished,
        without_message: i64::try_from(tally.unfinished).unwrap_or(i64::MAX) - held,
        oldest_seconds: oldest.map(|since| census.at.duration_since(since).as_secs_f64().max(0.0)),
        in_per_second: incoming,
        out_per_second: out,
        failed_per_second: tally.failed_per_second(census.at),
        drain_seconds: (messages > 0 && shrinks > 0.0).then(|| messages as f64 / shrinks),
        watched: None,
    }
}
