//! One trace a photo, and a board whose numbers add up.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_domain::wire::{StandingPhotos, Summary, Trace, TraceList, TraceSpan};
use cloudalbum_domain::{Status, TraceContext};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::household::{Household, Person, jpeg};

#[tokio::test(flavor = "multi_thread")]
async fn the_spans_and_waits_of_a_photo_add_up_to_its_wall_time() {
    let household = Household::observed().await;
    let ann = household.operator("ann@example.com").await;
    let mut ids = Vec::new();
    for seed in 1..=4 {
        ids.push(ann.upload(&format!("IMG_{seed}.jpg"), &jpeg(seed)).await.0);
    }
    ids.push(ann.upload("bad.jpg", b"\xff\xd8\xff\xe0 none").await.0);
    for id in &ids {
        ann.follow(|photo| {
            photo.id == *id && matches!(photo.status, Status::Ready | Status::Failed)
        })
        .await;
    }

    let tower = json!({ "location": { "latitude": 48.858_370, "longitude": 2.294_481 } });
    let moved = ann
        .call(Method::PATCH, &format!("v1/photos/{}", ids[0]))
        .json(&tower)
        .send()
        .await
        .unwrap();
    assert_eq!(moved.status(), StatusCode::OK);
    ann.follow(|photo| {
        photo.id == ids[0] && photo.status == Status::Ready && photo.place.is_some()
    })
    .await;

    let mut traces = HashSet::new();
    for id in &ids {
        let photo = ann.photo(id).await;
        let trace = finished(&ann, &photo.trace_id).await;
        adds_up(&trace);
        assert_eq!(trace.summary.photo_id.as_ref(), Some(id));
        let names: HashSet<&str> = trace.waterfall.iter().map(|span| &*span.name).collect();
        let mut wanted = vec![
            "photo",
            "grant upload",
            "upload",
            "claim",
            "decode",
            "extract",
        ];
        if photo.status == Status::Ready {
            wanted.extend(["resize", "encode", "place", "S3.PutObject", "S3.GetObject"]);
            wanted.push("DynamoDB.TransactWriteItems");
        } else {
            assert_eq!(trace.summary.code.as_deref(), Some("corrupt_image"));
        }
        for name in wanted {
            assert!(names.contains(name), "no {name} in {names:?}");
        }
        for service in ["ingest-api", "thumbnail-worker", "metadata-worker"] {
            assert!(trace.summary.services.iter().any(|named| named == service));
        }
        traces.insert(photo.trace_id);
    }
    assert_eq!(traces.len(), ids.len());

    let listed: TraceList = ann
        .get("v1/ops/traces?limit=200")
        .await
        .json()
        .await
        .unwrap();
    let listed: HashSet<String> = listed
        .traces
        .into_iter()
        .map(|trace| trace.trace_id)
        .collect();
    assert_eq!(listed, traces);
    let failed: TraceList = ann
        .get("v1/ops/traces?code=corrupt_image&order=slowest")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(failed.traces.len(), 1);
    household.album.stop().await;
}

/// Runs the test above as a process of its own and reads its log.
#[tokio::test]
async fn the_log_of_a_run_names_nobody_and_no_place() {
    let run = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("traces::the_spans_and_waits_of_a_photo_add_up_to_its_wall_time")
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", "info")
        .output();
    let run = run.await.unwrap();
    let log = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{log}");
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let attempts: Vec<Value> = lines
        .filter(|line| line["message"] == "attempt ended")
        .collect();
    assert!(attempts.len() >= 11, "{log}");
    for attempt in attempts {
        assert!(attempt["trace_id"].as_str().unwrap().starts_with("1-"));
        assert!(attempt["photo.id"].is_string());
    }
    for secret in ["@", "X-Amz-", "48.858", "2.2944", "Passw0rd", "://"] {
        let told: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{secret}: {told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_counts_records_and_queues_apart_and_is_for_operators() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    for path in ["summary", "photos", "traces", "traces/1-2-3"] {
        let answer = ann.get(&format!("v1/ops/{path}")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let (good, _) = ann.upload("good.jpg", &jpeg(7)).await;
    let (bad, _) = ann.upload("bad.jpg", b"\xff\xd8\xff\xe0 none").await;
    for (id, status) in [(&good, Status::Ready), (&bad, Status::Failed)] {
        ann.follow(|photo| photo.id == **id && photo.status == status)
            .await;
    }
    ann.post_manifest(vec![crate::household::entry("later.jpg", &jpeg(8))])
        .await;

    let operator = household.operator("op@example.com").await;
    let summary: Summary = operator.get("v1/ops/summary").await.json().await.unwrap();
    let photos = &summary.photos;
    assert_eq!((photos.ready, photos.failed, photos.pending), (1, 1, 1));
    assert_eq!((photos.records, photos.ledger), (3, 3));
    for stage in &summary.stages {
        assert_eq!((stage.unfinished, stage.dead), (1, Some(0)));
        let messages = stage.visible + stage.in_flight + stage.delayed;
        assert_eq!(stage.without_message, 1 - i64::try_from(messages).unwrap());
    }
    assert_eq!(summary.failures.len(), 1);
    let behind: StandingPhotos = operator
        .get("v1/ops/photos?code=corrupt_image")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(behind.total, 1);
    assert!(behind.photos[0].photo.ends_with(&bad));
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_worked_on_after_a_day_goes_on_in_a_linked_trace() {
    let household = Household::observed().await;
    let ann = household.operator("ann@example.com").await;
    let (id, _) = ann.upload("IMG_1.jpg", &jpeg(1)).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    let begun = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(25);
    let seconds = u32::try_from(begun.as_second()).unwrap();
    let old = TraceContext::mint(seconds, [7; 12], [9; 8], true);
    let dynamodb = household.clients().await.dynamodb();
    let aged = dynamodb
        .update_item()
        .table_name("Photo")
        .key("user_id", text(household.owner(&ann).await.to_string()))
        .key("id", text(id.clone()))
        .update_expression("SET trace_context = :old")
        .expression_attribute_values(":old", text(old.to_string()));
    aged.send().await.unwrap();

    let mut traces = HashSet::from([old.xray_id()]);
    for latitude in [1.5, 2.5] {
        let pin = json!({ "location": { "latitude": latitude, "longitude": 2.25 } });
        let moved = ann.call(Method::PATCH, &format!("v1/photos/{id}"));
        moved.json(&pin).send().await.unwrap();
        ann.follow(|photo| {
            let here = photo
                .location
                .is_some_and(|at| (at.latitude - latitude).abs() < 0.01);
            here && photo.status == Status::Ready
        })
        .await;
        let photo = ann.photo(&id).await;
        assert_eq!(photo.earlier_trace_id, Some(old.xray_id()));
        traces.insert(photo.trace_id);
    }
    assert_eq!(
        traces.len(),
        2,
        "the second pin is still told in that trace"
    );
    let trace = ann.photo(&id).await.trace_id;
    let rooted = async {
        loop {
            let answer = ann.get(&format!("v1/ops/traces/{trace}")).await;
            if answer.status() == StatusCode::OK {
                let told: Trace = answer.json().await.unwrap();
                let root = told.waterfall.into_iter().find(|span| span.name == "photo");
                if let Some(root) = root {
                    return root;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let root = tokio::time::timeout(Duration::from_secs(30), rooted)
        .await
        .expect("the new trace has its root in half a minute");
    assert_eq!(root.links, [old.xray_id()]);
    household.album.stop().await;
}

fn text(value: String) -> AttributeValue {
    AttributeValue::S(value)
}

/// The trace, once the spans of the photo's life have come in.
async fn finished(operator: &Person, id: &str) -> Trace {
    let follow = async {
        loop {
            let answer = operator.get(&format!("v1/ops/traces/{id}")).await;
            if answer.status() == StatusCode::OK {
                let trace: Trace = answer.json().await.unwrap();
                if trace.summary.root.is_some() && last_stage(&trace).is_some() {
                    return trace;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), follow)
        .await
        .expect("the trace is whole in half a minute")
}

/// What is told of the stage that finished last: its queue and its attempt.
fn last_stage(trace: &Trace) -> Option<[&TraceSpan; 4]> {
    let named = |name: &str| trace.waterfall.iter().find(|span| span.name == name);
    let ways = [
        [
            "notify thumbnails",
            "wait for thumbnail-worker",
            "make thumbnails",
        ],
        [
            "notify metadata",
            "wait for metadata-worker",
            "read metadata",
        ],
    ];
    let upload = named("upload")?;
    let whole =
        ways.map(|[notify, wait, work]| Some([upload, named(notify)?, named(wait)?, named(work)?]));
    let [Some(thumbnails), Some(metadata)] = whole else {
        return None;
    };
    let end = |way: &[&TraceSpan; 4]| way[3].offset_ms + way[3].duration_ms;
    Some(if end(&thumbnails) > end(&metadata) {
        thumbnails
    } else {
        metadata
    })
}

fn adds_up(trace: &Trace) {
    let way = last_stage(trace).unwrap();
    let root = trace
        .waterfall
        .iter()
        .find(|span| span.name == "photo")
        .unwrap();
    let claim = trace
        .waterfall
        .iter()
        .find(|span| span.name == "claim" && span.service == way[3].service);
    // The record tells when the stage was finished; writing that takes longer.
    let end = root.offset_ms + root.duration_ms;
    let within = |span: &TraceSpan| (span.offset_ms + span.duration_ms).min(end) - span.offset_ms;
    let told = way.iter().map(|span| within(span)).sum::<f64>() + claim.unwrap().duration_ms;
    let apart = (told - root.duration_ms).abs();
    assert!(
        apart <= (root.duration_ms * 0.05).max(5.0),
        "{told} of {}: {way:#?}",
        root.duration_ms
    );
}
