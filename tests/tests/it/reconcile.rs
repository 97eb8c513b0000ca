//! What the reconciler mends, each once: lost messages, uploads that never
//! arrived, objects and parts that are nobody's, trash, counters.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use cloudalbum_domain::wire::{EntryAnswer, Me};
use cloudalbum_domain::{FailureCode, Sha256, State, Status};
use jiff::SignedDuration;
use reconciler::Mend;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::household::{Household, Person, entry, jpeg};

const NONE: [(Mend, u64); 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_is_sent_again_and_in_the_end_the_photo_times_out() {
    let (household, ann) = paused().await;
    let (id, _) = ann.upload("IMG_1.jpg", &jpeg(1)).await;
    household.lose_messages().await;
    let late = SignedDuration::from_mins(7);
    assert_eq!(household.reconcile(late).await, NONE, "a pause is no loss");

    household.resume_stages().await;
    assert_eq!(household.reconcile(late).await, [(Mend::Requeued, 1)]);
    assert_eq!(household.reconcile(late).await, NONE);
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_whose_messages_were_sent_in_vain_times_out() {
    let (household, ann) = paused().await;
    let (id, _) = ann.upload("IMG_1.jpg", &jpeg(1)).await;
    household.lose_messages().await;
    let owner = household.owner(&ann).await;
    let dynamodb = household.clients().await.dynamodb();
    let call = dynamodb
        .update_item()
        .table_name("Photo")
        .key("user_id", AttributeValue::S(owner.to_string()))
        .key("id", AttributeValue::S(id.clone()))
        .update_expression("SET requeues = :nine")
        .expression_attribute_values(":nine", AttributeValue::N("9".to_owned()));
    call.send().await.unwrap();
    household.resume_stages().await;
    let soon = SignedDuration::from_hours(50);
    assert_eq!(
        household.reconcile(soon).await,
        NONE,
        "it waits longer each time"
    );
    let late = SignedDuration::from_hours(60);
    assert_eq!(household.reconcile(late).await, [(Mend::TimedOut, 1)]);
    assert_eq!(household.reconcile(late).await, NONE);
    let failures = ann.photo(&id).await.failures;
    assert_eq!(failures[0].code, FailureCode::Timeout);
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrived_goes_with_its_parts_and_its_quota() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let bytes = jpeg(1);
    let answers = ann.post_manifest(vec![entry("IMG_1.jpg", &bytes)]).await;
    let [EntryAnswer::Upload { photo_id, .. }] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    let key = household.original(&ann, photo_id).await;
    let s3 = household.clients().await.s3(Some(&household.album.aws));
    let owner = household.owner(&ann).await;
    let nobodys = cloudalbum_domain::PhotoId::derive(&owner, &Sha256::of(b"nobody"));
    for key in [&key, &format!("originals/{owner}/{nobodys}")] {
        let begin = s3.create_multipart_upload().bucket("cloudalbum-photos");
        begin.key(key).send().await.unwrap();
    }
    let soon = SignedDuration::from_hours(23);
    assert_eq!(household.reconcile(soon).await, NONE, "it may still arrive");
    let late = SignedDuration::from_hours(25);
    assert_eq!(
        household.reconcile(late).await,
        [(Mend::Expired, 1), (Mend::Parts, 1)]
    );
    assert_eq!(household.reconcile(late).await, NONE);
    assert_eq!(ann.used().await, (0, 0));
    let uploads = s3.list_multipart_uploads().bucket("cloudalbum-photos");
    assert!(uploads.send().await.unwrap().uploads().is_empty());
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trash_is_emptied_and_the_same_bytes_may_come_again() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let bytes = jpeg(1);
    for (query, late, mend) in [
        ("", SignedDuration::from_hours(24 * 31), Mend::Purged),
        ("?purge=true", SignedDuration::from_mins(1), Mend::Removed),
    ] {
        let (id, status) = ann.upload("IMG_1.jpg", &bytes).await;
        assert_eq!(status, StatusCode::OK);
        ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
            .await;
        let delete = ann.call(Method::DELETE, &format!("v1/photos/{id}{query}"));
        assert_eq!(
            delete.send().await.unwrap().status(),
            StatusCode::NO_CONTENT
        );
        if mend == Mend::Removed {
            let answers = ann.post_manifest(vec![entry("IMG_1.jpg", &bytes)]).await;
            assert!(
                matches!(answers[0], EntryAnswer::Later { .. }),
                "{answers:?}"
            );
        }
        assert_eq!(household.reconcile(late).await, [(mend, 1)]);
        assert_eq!(household.reconcile(late).await, NONE);
        assert_eq!(household.objects().await, Vec::<String>::new());
        assert_eq!(ann.used().await, (0, 0));
        let record = household.record(&ann, &id).await.unwrap();
        assert_eq!(record.state, State::Deleted);
    }
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_nobody_go_after_a_grace() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let (kept, _) = ann.upload("IMG_1.jpg", &jpeg(1)).await;
    ann.follow(|photo| photo.id == kept && photo.status == Status::Ready)
        .await;
    let before = household.objects().await;
    let s3 = household.clients().await.s3(Some(&household.album.aws));
    let owner = household.owner(&ann).await;
    let photo = cloudalbum_domain::PhotoId::derive(&owner, &Sha256::of(b"orphan"));
    for key in [
        format!("originals/{owner}/{photo}"),
        format!("renditions/nobody/{photo}/1/grid.jpg"),
    ] {
        let put = s3.put_object().bucket("cloudalbum-photos").key(key);
        let put = put.body(ByteStream::from_static(b"orphan"));
        put.send().await.unwrap();
    }
    let soon = SignedDuration::from_mins(30);
    assert_eq!(household.reconcile(soon).await, NONE);
    let late = SignedDuration::from_mins(90);
    assert_eq!(
        household.reconcile(late).await,
        [(Mend::Original, 1), (Mend::Rendition, 1)]
    );
    assert_eq!(household.reconcile(late).await, NONE);
    assert_eq!(household.objects().await, before);
    assert_eq!(ann.used().await.1, 1, "an orphan was never counted");
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_that_drifted_are_corrected() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let (id, _) = ann.upload("IMG_1.jpg", &jpeg(1)).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    let pin = json!({ "location": { "latitude": 48.85, "longitude": 2.35 } });
    let edit = ann
        .call(Method::PATCH, &format!("v1/photos/{id}"))
        .json(&pin);
    assert_eq!(edit.send().await.unwrap().status(), StatusCode::OK);
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready && photo.place.is_some())
        .await;
    let used = ann.used().await;
    let late = SignedDuration::from_mins(2);
    assert_eq!(household.reconcile(late).await, NONE);

    let owner = household.owner(&ann).await;
    let dynamodb = household.clients().await.dynamodb();
    let tile = household.tile(&owner).await;
    for (table, key, name) in [
        ("User", vec![("id", owner.to_string())], "photos_used"),
        (
            "PhotoIndex",
            vec![("user_id", owner.to_string()), ("entry", tile)],
            "count",
        ),
    ] {
        let mut call = dynamodb
            .update_item()
            .table_name(table)
            .update_expression("ADD #name :five")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":five", AttributeValue::N("5".to_owned()));
        for (name, value) in key {
            call = call.key(name, AttributeValue::S(value));
        }
        call.send().await.unwrap();
    }
    assert_eq!(
        household.reconcile(late).await,
        [(Mend::Usage, 1), (Mend::Tile, 1)]
    );
    assert_eq!(household.reconcile(late).await, NONE);
    assert_eq!(ann.used().await, used);
    household.album.stop().await;
}

/// A household in which no stage takes messages. A pause that stands before the
/// album starts holds from its first moment on.
async fn paused() -> (Household, Person) {
    let household = Household::start().await;
    household.person("ann@example.com").await;
    household.pause_stages().await;
    let household = household.restart().await;
    let ann = household.sign_in("ann@example.com").await;
    (household, ann)
}

impl Person {
    async fn used(&self) -> (u64, u64) {
        let me: Me = self.get("v1/me").await.json().await.unwrap();
        (me.quota.bytes_used, me.quota.photos_used)
    }
}
