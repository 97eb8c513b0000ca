//! An album of a lifetime: how long its pages take, and how many calls of
//! DynamoDB, with as many photos of others in the same table.

pub(crate) mod browser;
mod photos;

use std::time::Instant;

use anyhow::Context as _;
use cloudalbum_domain::OwnerId;
use cloudalbum_domain::wire::{Changes, Me, PhotoPage, Trace, TraceSpan};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::runtime::Builder;

use self::photos::Life;
use crate::album::{Person, Process};
use crate::figure::{self, percentile};

/// Photos of whoever looks.
const OWN: u32 = 100_000;
/// Owners besides, and photos of each.
const OTHERS: u32 = 4;
/// Photos that somebody changes in a day, no more than a page holds.
const A_DAY: u32 = 200;
/// How often each request is made.
const ROUNDS: usize = 60;
/// Pages of 200 before the deep one.
const DEEP: usize = 100;

pub(crate) fn run() -> anyhow::Result<()> {
    Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let album = Process::start(&[])?;
    let ann = Person::operator(&album, "ann@example.com").await?;
    let me: Me = ann.get("v1/me").await?;
    let table = album.table().await?;
    let begin = Instant::now();
    let own = Life::of(&me.id.parse()?, OWN)?;
    table.load(&own.photos).await?;
    for number in 0..OTHERS {
        let owner: OwnerId = format!("00000000-0000-4000-8000-00000000000{number}").parse()?;
        table.load(&Life::of(&owner, OWN)?.photos).await?;
    }
    figure::print("library.generated_in", begin.elapsed().as_secs_f64(), "s");
    drop(own);

    let deep = deep(&ann).await?;
    let yesterday: Changes = ann.get("v1/changes?cursor=now").await?;
    let requests = [
        ("first_page", "v1/photos?limit=100".to_owned()),
        ("deep_page", format!("v1/photos?limit=100&cursor={deep}")),
        (
            "search_common_word",
            "v1/photos?limit=100&q=portugal".to_owned(),
        ),
        (
            "search_rare_word",
            "v1/photos?limit=100&q=wedding".to_owned(),
        ),
        (
            "search_three_words",
            "v1/photos?limit=100&q=porto+family+2019".to_owned(),
        ),
        ("map_world", "v1/map?bbox=-180,-85,180,85&zoom=2".to_owned()),
        (
            "map_city",
            "v1/map?bbox=-9.25,38.68,-9.08,38.8&zoom=13".to_owned(),
        ),
        (
            "changes_none",
            format!("v1/changes?cursor={}", yesterday.cursor),
        ),
    ];
    for (name, path) in &requests {
        one(&ann, name, path).await?;
    }
    live_a_day(&ann).await?;
    let path = format!("v1/changes?cursor={}", yesterday.cursor);
    one(&ann, "changes_after_a_day", &path).await
}

/// Describes some photos, as their owner does in a day.
async fn live_a_day(ann: &Person) -> anyhow::Result<()> {
    let page: PhotoPage = ann.get(&format!("v1/photos?limit={A_DAY}")).await?;
    for photo in page.photos {
        let edit = ann.call(Method::PATCH, &format!("v1/photos/{}", photo.id));
        let edit = edit.json(&json!({ "description": "seen today" }));
        edit.send().await?.error_for_status()?;
    }
    Ok(())
}

/// The cursor of a page deep in the album.
async fn deep(ann: &Person) -> anyhow::Result<String> {
    let mut path = "v1/photos?limit=200".to_owned();
    let mut cursor = None;
    for _ in 0..DEEP {
        let page: PhotoPage = ann.get(&path).await?;
        cursor = page.cursor;
        let next = cursor.as_deref().context("the album is too small")?;
        path = format!("v1/photos?limit=200&cursor={next}");
    }
    cursor.context("no page")
}

/// Prints how long a request takes, and how many calls of DynamoDB.
async fn one(ann: &Person, name: &str, path: &str) -> anyhow::Result<()> {
    let mut times = Vec::new();
    let mut trace = String::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let answer = ann
            .call(Method::GET, path)
            .send()
            .await?
            .error_for_status()?;
        let header = answer
            .headers()
            .get("x-amzn-trace-id")
            .context("no trace")?;
        trace = header.to_str()?.to_owned();
        answer.bytes().await?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    for percent in [50, 95] {
        let time = percentile(&mut times, percent).context("no round")?;
        figure::print(&format!("library.{name}_p{percent}"), time, "ms");
    }
    let id = trace.split(';').find_map(|part| part.strip_prefix("Root="));
    let reads = reads(ann, id.context("no root")?).await?;
    let figure = |what: &str, value: f64, unit: &str| {
        figure::print(&format!("library.{name}_{what}"), value, unit);
    };
    figure("queries", f64::from(u32::try_from(reads.len())?), "calls");
    figure("units", reads.into_iter().sum(), "read units");
    Ok(())
}

/// The units of each read of a request, by its trace.
async fn reads(ann: &Person, id: &str) -> anyhow::Result<Vec<f64>> {
    for _ in 0..100 {
        let answer = ann.call(Method::GET, &format!("v1/ops/traces/{id}"));
        let answer = answer.send().await?;
        if answer.status() == StatusCode::OK {
            let trace: Trace = answer.json().await?;
            // Its root is exported last.
            if trace.waterfall.iter().any(|span| span.kind == "server") {
                return trace.waterfall.iter().filter_map(units).collect();
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("the trace {id} did not come")
}

fn units(span: &TraceSpan) -> Option<anyhow::Result<f64>> {
    let read = ["DynamoDB.Query", "DynamoDB.BatchGetItem"].contains(&&*span.name);
    let units = || {
        let units = span.attributes.get("aws.dynamodb.capacity_units");
        Ok(units.context("a read without units")?.parse()?)
    };
    read.then(units)
}
