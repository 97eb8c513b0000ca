//! Whether the board tells the truth under load: its sums, its pause and its
//! estimate of when a queue is empty.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use cloudalbum_domain::Stage;
use cloudalbum_domain::wire::{StageFigures, Stages, Summary};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rand::Rng as _;
use serde_json::json;

use crate::album::{Person, Process, distinct, small};
use crate::figure::{self, percentile};

/// Enough for the queue to drain for minutes.
const PHOTOS: u32 = 6_000;
const MOMENTS: usize = 20;
const BETWEEN: std::ops::Range<u64> = 100..3_000;
/// An estimate rests on a minute's pace.
const PACE: Duration = Duration::from_secs(65);
/// So close to the end a whole second of a difference weighs too much.
const NEAR: f64 = 15.0;

/// Prints how far sums were apart, how long a pause took, and how good the
/// estimates were.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let album = Process::start(&[])?;
    let ann = Person::operator(&album, "ann@example.com").await?;
    let photo = small()?;
    let mut apart = Vec::new();
    tokio::select! {
        sent = send(&ann, &photo) => sent?,
        never = watch(&ann, &mut apart, usize::MAX) => never?,
    }
    pause(&ann).await?;
    let begin = Instant::now();
    let mut estimates = Vec::new();
    loop {
        let stage = thumbnails(&ann).await?;
        if stage.visible + stage.in_flight + stage.delayed == 0 {
            break;
        }
        if begin.elapsed() > PACE
            && let Some(drain) = stage.drain_seconds
        {
            estimates.push((begin.elapsed().as_secs_f64(), drain));
        }
        watch(&ann, &mut apart, 1).await?;
    }
    let end = begin.elapsed().as_secs_f64();
    let mut off: Vec<f64> = estimates
        .into_iter()
        .map(|(at, drain)| (end - at, drain))
        .filter(|(left, _)| *left > NEAR)
        .map(|(left, drain)| (drain / left - 1.0).abs() * 100.0)
        .collect();
    let moments = u32::try_from(apart.len().min(MOMENTS))?;
    figure::print("board.moments", f64::from(moments), "summaries");
    let most = percentile(&mut apart, 100).context("no summary")?;
    figure::print("board.states_apart_from_ledger_max", most, "photos");
    figure::print(
        "board.drain_estimates",
        f64::from(u32::try_from(off.len())?),
        "estimates",
    );
    for percent in [50, 95] {
        let off =
            percentile(&mut off, percent).context("the queue drained too fast to estimate")?;
        figure::print(&format!("board.drain_estimate_off_p{percent}"), off, "%");
    }
    Ok(())
}

async fn send(ann: &Person, photo: &[u8]) -> anyhow::Result<()> {
    for begin in (0..PHOTOS).step_by(1_000) {
        let numbers = begin..(begin + 1_000).min(PHOTOS);
        let photos = numbers.map(|number| distinct(photo, number));
        let photos = photos.collect::<anyhow::Result<Vec<_>>>()?;
        let answers = ann.announce(&photos).await?;
        stream::iter(answers.into_iter().zip(photos))
            .map(|(answer, bytes)| ann.put(answer, bytes))
            .buffer_unordered(8)
            .try_for_each(async |_| Ok(()))
            .await?;
    }
    Ok(())
}

/// Looks at random moments, so many times.
async fn watch(ann: &Person, apart: &mut Vec<f64>, times: usize) -> anyhow::Result<()> {
    for _ in 0..times {
        let wait = rand::rng().random_range(BETWEEN);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let photos = ann.get::<Summary>("v1/ops/summary").await?.photos;
        let states = [
            photos.pending,
            photos.processing,
            photos.ready,
            photos.failed,
        ];
        let states: u64 = states.iter().sum::<u64>() + photos.trashed + photos.deleting;
        apart.push(f64::from(u32::try_from(states.abs_diff(photos.ledger))?));
    }
    Ok(())
}

/// Pauses a stage that has work, and waits until no worker has a message.
async fn pause(ann: &Person) -> anyhow::Result<()> {
    let begin = Instant::now();
    ann.post::<Stages>("v1/ops/stages/thumbnails/pause", &json!({}))
        .await?;
    while thumbnails(ann).await?.in_flight > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    figure::print("board.pause_takes", begin.elapsed().as_secs_f64(), "s");
    ann.post::<Stages>("v1/ops/stages/thumbnails/resume", &json!({}))
        .await?;
    Ok(())
}

async fn thumbnails(ann: &Person) -> anyhow::Result<StageFigures> {
    let summary: Summary = ann.get("v1/ops/summary").await?;
    let mut stages = summary.stages.into_iter();
    stages
        .find(|stage| stage.stage == Stage::Thumbnails)
        .context("no such stage")
}
