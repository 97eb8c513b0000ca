//! What an owner may keep and ask for, under parallel calls.

use cloudalbum_aws::table::Allowance;
use cloudalbum_domain::OwnerId;
use cloudalbum_domain::wire::{EntryAnswer, Manifest, ManifestAnswer, ManifestEntry, Me};
use futures::future::join_all;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};

use crate::household::{Household, Person, entry};

fn entries(manifest: u32, count: u32) -> Vec<ManifestEntry> {
    let one = |index| entry("a.jpg", format!("{manifest}/{index}").as_bytes());
    (0..count).map(one).collect()
}

async fn quota(person: &Person) -> (u64, u64) {
    let me: Me = person.get("v1/me").await.json().await.unwrap();
    (me.quota.photos_used, me.quota.bytes_used)
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_manifests_never_exceed_the_quota_and_use_it_up() {
    let household = Household::told(&[("QUOTA_PHOTOS", "50")]).await;
    let ann = household.person("ann@example.com").await;
    let answers = join_all((0..100).map(|manifest| ann.post_manifest(entries(manifest, 2)))).await;
    let answers: Vec<EntryAnswer> = answers.into_iter().flatten().collect();
    let granted = answers.iter().filter(|answer| is_upload(answer)).count();
    let full = answers.iter().filter(
        |answer| matches!(answer, EntryAnswer::Refused { error } if error.code == "quota_exceeded"),
    );
    assert_eq!((granted, full.count()), (50, 150));
    assert_eq!(quota(&ann).await.0, 50);
    assert_eq!(ann.get("readyz").await.status(), StatusCode::OK);
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_a_quota_too_and_what_fits_is_granted() {
    let household = Household::told(&[("QUOTA_BYTES", "1000")]).await;
    let ann = household.person("ann@example.com").await;
    let sized = |name: &str, size| ManifestEntry {
        size,
        ..entry("a.jpg", name.as_bytes())
    };
    let manifest = vec![sized("a", 600), sized("b", 400), sized("c", 1)];
    let answers = ann.post_manifest(manifest).await;
    let granted: Vec<bool> = answers.iter().map(is_upload).collect();
    assert_eq!(granted, [true, true, false], "{answers:?}");
    assert_eq!(quota(&ann).await, (2, 1_000));
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_urls_a_minute_are_told_when_to_come_back() {
    let household = Household::told(&[("URLS_PER_MINUTE", "10")]).await;
    let ann = household.person("ann@example.com").await;
    let mut asked = Timestamp::now();
    // A minute's end in between would begin the next count.
    if asked.as_second().rem_euclid(60) > 50 {
        let rest = 61 - asked.as_second().rem_euclid(60);
        tokio::time::sleep(std::time::Duration::from_secs(rest.unsigned_abs())).await;
        asked = Timestamp::now();
    }
    let post = |photos| {
        let call = ann.call(Method::POST, "v1/uploads");
        call.json(&Manifest { photos }).send()
    };
    let first = post(entries(0, 12)).await.unwrap();
    assert_eq!(first.headers()["ratelimit-policy"], "\"urls\";q=10;w=60");
    let limit = first.headers()["ratelimit"].to_str().unwrap().to_owned();
    assert!(limit.starts_with("\"urls\";r=0;t="), "{limit}");
    let first: ManifestAnswer = first.json().await.unwrap();
    let granted = first.photos.iter().filter(|answer| is_upload(answer));
    assert_eq!(granted.count(), 10);
    let later = first.photos.iter().filter(
        |answer| matches!(answer, EntryAnswer::Later { error, .. } if error.code == "rate_limited"),
    );
    assert_eq!(later.count(), 2);

    let refused = post(entries(1, 1)).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait} after {asked}");
    assert_eq!(
        refused.headers()["ratelimit"],
        format!("\"urls\";r=0;t={wait}")
    );
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "rate_limited");
    assert_eq!(quota(&ann).await.0, 13, "what waits keeps its place");
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_are_counted_exactly_and_anew_every_minute() {
    let household = Household::start().await;
    let table = household.table().await;
    let owner: OwnerId = "ann".parse().unwrap();
    let now: Timestamp = "2026-01-02T03:04:55Z".parse().unwrap();
    let calls = (0..30).map(|_| table.take_urls(&owner, 1, 4, 50, now));
    let granted = join_all(calls).await.into_iter();
    let granted: u64 = granted.map(|allowance| allowance.unwrap().granted).sum();
    assert_eq!(granted, 50);
    let next: Timestamp = "2026-01-02T03:05:00Z".parse().unwrap();
    let all = table.take_urls(&owner, 51, 51, 50, next).await.unwrap();
    let none = Allowance {
        granted: 0,
        left: 50,
        resets_in: 60,
    };
    assert_eq!(all, none, "more than a minute's worth is never granted");
    let some = table.take_urls(&owner, 20, 20, 50, next).await.unwrap();
    assert_eq!((some.granted, some.left), (20, 30));
    let behind = table.take_urls(&owner, 20, 20, 50, now).await.unwrap();
    assert_eq!((behind.granted, behind.left), (20, 10), "a clock behind");
    household.album.stop().await;
}

fn is_upload(answer: &EntryAnswer) -> bool {
    matches!(answer, EntryAnswer::Upload { .. })
}
