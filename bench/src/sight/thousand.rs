//! A thousand photos, some retried and some dead-lettered and redriven, and
//! whether each has one whole trace.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cloudalbum_aws::queue::{Queue, Received};
use cloudalbum_domain::Status;
use cloudalbum_domain::wire::{MovedBack, Stages, Trace, TraceSpan};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::album::{Person, Process, distinct, small};
use crate::figure::{self, percentile};

const PHOTOS: u32 = 1_000;
/// Taken by a worker that dies once.
const RETRIED: usize = 50;
/// Taken by five workers that die.
const DEAD: usize = 10;
/// After so many receives the next moves it to the dead-letter queue.
const RECEIVES: usize = 5;
/// Until nobody can wait for a message that was received here.
const HIDDEN: Duration = Duration::from_mins(5);
const LIMIT: Duration = Duration::from_mins(10);
/// What every trace must have.
const STEPS: [&str; 13] = [
    "photo",
    "grant upload",
    "upload",
    "notify thumbnails",
    "wait for thumbnail-worker",
    "make thumbnails",
    "notify metadata",
    "wait for metadata-worker",
    "read metadata",
    "decode",
    "resize",
    "encode",
    "extract",
];

/// Prints how many traces there are, how many are whole, and how far the spans
/// of the way that ended last are from the wall time.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let album = Process::start(&[])?;
    let ann = Person::operator(&album, "ann@example.com").await?;
    ann.post::<Stages>("v1/ops/stages/thumbnails/pause", &json!({}))
        .await?;
    let cursor = ann.now().await?;
    let photo = small()?;
    let photos = (0..PHOTOS).map(|number| distinct(&photo, number));
    let photos = photos.collect::<anyhow::Result<Vec<_>>>()?;
    let (troubled, calm) = photos.split_at(RETRIED + DEAD);
    let mut ids = send(&ann, troubled).await?;
    take_in_vain(&queue(&album).await?).await?;
    ids.extend(send(&ann, calm).await?);
    ann.post::<Stages>("v1/ops/stages/thumbnails/resume", &json!({}))
        .await?;
    let mut traces = HashMap::new();
    let mut ready = |photo: cloudalbum_domain::wire::PhotoView, enough: usize| {
        if photo.status == Status::Ready {
            traces.insert(photo.id, photo.trace_id);
        }
        traces.len() == enough
    };
    let living = ids.len() - DEAD;
    ann.follow(cursor.clone(), LIMIT, |photo| ready(photo, living))
        .await?;
    let moved: MovedBack = ann
        .post("v1/ops/dlq/thumbnails/redrive", &json!({}))
        .await?;
    ensure!(
        moved.messages == u64::try_from(DEAD)?,
        "{} dead letters",
        moved.messages
    );
    ann.follow(cursor, LIMIT, |photo| ready(photo, ids.len()))
        .await?;

    let own: HashSet<&String> = traces.values().collect();
    let (mut whole, mut apart) = (0_u32, Vec::new());
    for id in &own {
        let trace = finished(&ann, id).await?;
        let named: HashSet<&str> = trace.waterfall.iter().map(|span| &*span.name).collect();
        whole += u32::from(STEPS.iter().all(|step| named.contains(step)));
        apart.push(difference(&trace).context("a trace without a last stage")?);
    }
    figure::print(
        "tracing.thousand.trace_ids",
        f64::from(u32::try_from(own.len())?),
        "traces",
    );
    figure::print("tracing.thousand.whole", f64::from(whole), "traces");
    for percent in [50, 99, 100] {
        let most = percentile(&mut apart, percent).context("no trace")?;
        figure::print(&format!("tracing.thousand.apart_p{percent}"), most, "%");
    }
    Ok(())
}

async fn send(ann: &Person, photos: &[Vec<u8>]) -> anyhow::Result<HashSet<String>> {
    let answers = ann.announce(photos).await?;
    let puts = stream::iter(answers.into_iter().zip(photos.to_vec()))
        .map(|(answer, bytes)| ann.put(answer, bytes))
        .buffer_unordered(8);
    puts.try_collect().await
}

async fn queue(album: &Process) -> anyhow::Result<Queue> {
    let clients = album.clients().await?;
    let call = clients.sqs().get_queue_url().queue_name("thumbnails");
    let url = call.send().await?.queue_url.context("no queue")?;
    Ok(Queue::new(clients.sqs(), url))
}

/// Receives every message and lets it go, and some of them as often as they may
/// be received, as workers do that die.
async fn take_in_vain(queue: &Queue) -> anyhow::Result<()> {
    let mut held = receive(queue, RETRIED + DEAD).await?;
    let mut dying = held.split_off(RETRIED);
    for _ in 1..RECEIVES {
        release(queue, &dying).await?;
        dying = receive(queue, DEAD).await?;
    }
    held.extend(dying);
    release(queue, &held).await
}

async fn receive(queue: &Queue, count: usize) -> anyhow::Result<Vec<Received>> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(queue.receive(HIDDEN).await?);
    }
    Ok(all)
}

async fn release(queue: &Queue, messages: &[Received]) -> anyhow::Result<()> {
    for message in messages {
        let handle = &message.receipt_handle;
        queue.change_visibility(handle, Duration::ZERO).await?;
    }
    Ok(())
}

/// The trace, once its root span and the attempt that ended it have come in.
async fn finished(operator: &Person, id: &str) -> anyhow::Result<Trace> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let answer = operator.call(Method::GET, &format!("v1/ops/traces/{id}"));
        let answer = answer.send().await?;
        if answer.status() == StatusCode::OK {
            let trace: Trace = answer.json().await?;
            if difference(&trace).is_some() {
                return Ok(trace);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the trace {id} is not whole after half a minute")
}

/// How far the spans of the way that ended last are from the wall time, in
/// percent of it.
fn difference(trace: &Trace) -> Option<f64> {
    let spans = &trace.waterfall;
    let named = |name: &str| spans.iter().rfind(|span| span.name == name);
    let root = named("photo")?;
    let end = root.offset_ms + root.duration_ms;
    let way = |steps: [&str; 4]| {
        Some([
            named(steps[0])?,
            named(steps[1])?,
            named(steps[2])?,
            named(steps[3])?,
        ])
    };
    let ways = [
        way([
            "upload",
            "notify thumbnails",
            "wait for thumbnail-worker",
            "make thumbnails",
        ])?,
        way([
            "upload",
            "notify metadata",
            "wait for metadata-worker",
            "read metadata",
        ])?,
    ];
    let until = |way: &[&TraceSpan; 4]| way[3].offset_ms + way[3].duration_ms;
    let last = ways
        .into_iter()
        .max_by(|one, other| until(one).total_cmp(&until(other)))?;
    let claim = spans
        .iter()
        .rfind(|span| span.name == "claim" && span.service == last[3].service)?;
    // The record tells when the stage was finished; writing that takes longer.
    let within = |span: &TraceSpan| (span.offset_ms + span.duration_ms).min(end) - span.offset_ms;
    let told = last.iter().map(|span| within(span)).sum::<f64>() + claim.duration_ms;
    Some((told - root.duration_ms).abs() / root.duration_ms * 100.0)
}
