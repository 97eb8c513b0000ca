//! What operators do: list failures by code, redrive, move dead letters back,
//! pause a stage, and read who did it.

use std::error::Error as _;

use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::queue::Outgoing;
use cloudalbum_domain::wire::{AuditList, FailureList, Redriven, Stages};
use cloudalbum_domain::{FailureCode, Stage, Status};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::household::{Household, Person, jpeg};

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_listed_by_code_and_redriven_alone() {
    let household = Household::start().await;
    let ann = household.operator("ann@example.com").await;
    let (bad, _) = ann.upload("bad.jpg", b"\xff\xd8\xff\xe0 no picture").await;
    let (lie, _) = ann.upload("lie.jpg", b"GIF89a\x01\0\x01\0\0\0\0;").await;
    for id in [&bad, &lie] {
        ann.follow(|photo| photo.id == **id && photo.status == Status::Failed)
            .await;
    }

    let all: FailureList = ann.get("v1/ops/failures").await.json().await.unwrap();
    let codes: Vec<_> = all
        .groups
        .iter()
        .map(|group| (group.code, group.count))
        .collect();
    assert_eq!(
        codes,
        [
            (FailureCode::CorruptImage, 1),
            (FailureCode::TypeMismatch, 1)
        ]
    );
    let path = "v1/ops/failures?code=type_mismatch";
    let some: FailureList = ann.get(path).await.json().await.unwrap();
    let [failed] = some.failures.as_slice() else {
        panic!("{some:?}");
    };
    assert!(failed.photo.ends_with(&lie), "{failed:?}");
    assert_eq!(failed.stage, Stage::Thumbnails);

    let before = (ann.record(&bad).await, ann.record(&lie).await);
    let order = json!({ "code": "type_mismatch" });
    let answer: Redriven = ann.order("v1/ops/redrive", &order).await;
    assert_eq!(
        (answer.redriven, answer.skipped, answer.cursor),
        (1, 0, None)
    );
    ann.follow(|photo| {
        photo.id == lie && photo.status == Status::Failed && photo.version > before.1
    })
    .await;
    assert_eq!(ann.record(&bad).await, before.0, "the other is untouched");

    let audit: AuditList = ann.get("v1/ops/audit").await.json().await.unwrap();
    let [entry] = audit.entries.as_slice() else {
        panic!("{audit:?}");
    };
    assert_eq!(
        (&*entry.action, &*entry.target, entry.affected),
        ("redrive", "code type_mismatch", Some(1))
    );
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_stage_loses_nothing() {
    let household = Household::start().await;
    let ann = household.operator("ann@example.com").await;
    let stages: Stages = ann
        .order("v1/ops/stages/thumbnails/pause", &json!({}))
        .await;
    assert!(
        stages
            .stages
            .iter()
            .any(|stage| stage.paused && stage.stage == Stage::Thumbnails)
    );
    let household = household.restart().await;
    let ann = household.sign_in("ann@example.com").await;
    let (id, _) = ann.upload("IMG_1.jpg", &jpeg(1)).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Processing)
        .await;
    let waiting = household.queue("thumbnails").await.counts().await.unwrap();
    assert_eq!((waiting.visible, waiting.in_flight), (1, 0));
    ann.order::<Stages>("v1/ops/stages/thumbnails/resume", &json!({}))
        .await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    let audit: AuditList = ann.get("v1/ops/audit").await.json().await.unwrap();
    let actions: Vec<&str> = audit.entries.iter().map(|entry| &*entry.action).collect();
    assert_eq!(actions, ["resume", "pause"]);
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_is_switched_by_who_signs_alone() {
    let household = Household::start().await;
    let clients = household.clients().await;
    clients.mapping("metadata").switch(true).await.unwrap();
    let unknown = clients.mapping("places").switch(true).await.unwrap_err();
    assert!(unknown.source().unwrap().to_string().contains("404"));
    let path = "2015-03-31/event-source-mappings/metadata";
    let url = household.album.aws.join(path).unwrap();
    let unsigned = reqwest::Client::new().put(url).body(r#"{"Enabled":false}"#);
    assert_eq!(
        unsigned.send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    let stranger = Clients::at(&household.album.aws, "us-east-1", "key", "secret").await;
    let refused = stranger.mapping("metadata").switch(false).await;
    assert!(
        refused
            .unwrap_err()
            .source()
            .unwrap()
            .to_string()
            .contains("403")
    );
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_tell_why_and_move_back() {
    let household = Household::start().await;
    let ann = household.operator("ann@example.com").await;
    let dlq = household.queue("metadata-dlq").await;
    let junk = Outgoing {
        body: "no notification at all".to_owned(),
        trace: None,
    };
    dlq.send(&junk).await.unwrap();
    let letters: Value = ann.get("v1/ops/dlq").await.json().await.unwrap();
    let letter = &letters["messages"][0];
    assert_eq!(
        letter["reason"], "body is not an S3 notification",
        "{letters}"
    );
    let order = json!({ "message_ids": [letter["message_id"]] });
    let moved: Value = ann.order("v1/ops/dlq/metadata/redrive", &order).await;
    assert_eq!(moved["messages"], 1);
    let left: Value = ann.get("v1/ops/dlq").await.json().await.unwrap();
    assert_eq!(left["messages"], json!([]));
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_is_for_operators() {
    let household = Household::start().await;
    let bob = household.person("bob@example.com").await;
    for (method, path) in [
        (Method::GET, "v1/ops/failures"),
        (Method::POST, "v1/ops/redrive"),
        (Method::GET, "v1/ops/dlq"),
        (Method::POST, "v1/ops/dlq/metadata/redrive"),
        (Method::GET, "v1/ops/stages"),
        (Method::POST, "v1/ops/stages/metadata/pause"),
        (Method::POST, "v1/ops/stages/metadata/resume"),
        (Method::GET, "v1/ops/audit"),
    ] {
        let call = bob.call(method.clone(), path).json(&json!({}));
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
    }
    household.album.stop().await;
}

impl Person {
    /// The version of a photo's record.
    async fn record(&self, id: &str) -> u64 {
        self.photo(id).await.version
    }
}
