//! Six kinds of failure of fifty photos each: told apart by their codes, and
//! redriven by one code without touching the others.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use cloudalbum_domain::wire::{EntryAnswer, FailureList, ManifestEntry, Redriven, Upload};
use cloudalbum_domain::{FailureCode, Photo, Stage, Status};
use futures::{StreamExt as _, stream};
use serde_json::json;

use crate::household::{Household, Person, entry, jpeg};

const EACH: u16 = 50;
const KINDS: [FailureCode; 6] = [
    FailureCode::CorruptImage,
    FailureCode::UnsupportedFormat,
    FailureCode::TypeMismatch,
    FailureCode::TooManyPixels,
    FailureCode::ChecksumMismatch,
    FailureCode::OriginalMissing,
];
const BUCKET: &str = "cloudalbum-photos";

#[tokio::test(flavor = "multi_thread")]
async fn six_kinds_of_fifty_are_told_apart_and_redriven_alone() {
    let household = Household::start().await;
    household.operator("ann@example.com").await;
    household.pause_stages().await;
    // A pause that is there at the start holds from the first message on.
    let household = household.restart().await;
    let ann = household.sign_in("ann@example.com").await;
    let mut kinds = BTreeMap::new();
    for kind in KINDS {
        for id in upload(&ann, kind).await {
            spoil(&household, &ann, kind, &id).await;
            kinds.insert(id, kind);
        }
    }
    assert_eq!(kinds.len(), KINDS.len() * usize::from(EACH));
    household.resume_stages().await;
    failed(&household, &ann, kinds.len()).await;

    let codes = |photos: &[Photo]| -> BTreeMap<String, FailureCode> {
        let code = |photo: &Photo| photo.thumbnails.failure().map(|(failure, ..)| failure.code);
        let codes = photos
            .iter()
            .filter_map(|photo| Some((photo.id.to_string(), code(photo)?)));
        codes.collect()
    };
    let before = household.records(&ann).await;
    assert_eq!(codes(&before), kinds);
    let told: FailureList = ann.get("v1/ops/failures").await.json().await.unwrap();
    for kind in KINDS {
        let mut groups = told.groups.iter();
        let group = groups.find(|group| (group.stage, group.code) == (Stage::Thumbnails, kind));
        assert_eq!(
            group.map(|group| group.count),
            Some(u64::from(EACH)),
            "{kind}"
        );
    }

    let order = json!({ "code": "type_mismatch" });
    let answer: Redriven = ann.order("v1/ops/redrive", &order).await;
    assert_eq!((answer.redriven, answer.skipped), (u64::from(EACH), 0));
    failed(&household, &ann, kinds.len()).await;
    let after = household.records(&ann).await;
    assert_eq!(codes(&after), kinds);
    let changed = |photo: &&Photo| !before.contains(photo);
    let redriven: HashSet<String> = after
        .iter()
        .filter(changed)
        .map(|photo| photo.id.to_string())
        .collect();
    let wanted = kinds
        .iter()
        .filter(|(_, kind)| **kind == FailureCode::TypeMismatch);
    assert_eq!(redriven, wanted.map(|(id, _)| id.clone()).collect());
    household.album.stop().await;
}

/// Sends the photos of a kind; their ids.
async fn upload(ann: &Person, kind: FailureCode) -> Vec<String> {
    let files: Vec<Vec<u8>> = (0..EACH).map(|number| file(kind, number)).collect();
    let named = (0..).zip(&files).map(|(number, bytes)| ManifestEntry {
        filename: format!("{kind} {number:03}.jpg"),
        ..entry("", bytes)
    });
    let answers = ann.post_manifest(named.collect()).await;
    let send = async |(answer, bytes): (EntryAnswer, Vec<u8>)| {
        let EntryAnswer::Upload {
            photo_id,
            upload: Upload::Put { url, headers, .. },
        } = answer
        else {
            panic!("not granted: {answer:?}");
        };
        let mut put = ann.http.put(url).body(bytes);
        for (name, value) in headers {
            put = put.header(name, value);
        }
        put.send().await.unwrap().error_for_status().unwrap();
        photo_id
    };
    stream::iter(answers.into_iter().zip(files))
        .map(send)
        .buffer_unordered(8)
        .collect()
        .await
}

/// Bytes of that kind, no two alike.
fn file(kind: FailureCode, number: u16) -> Vec<u8> {
    let own = number.to_be_bytes();
    match kind {
        FailureCode::CorruptImage => [b"\xff\xd8\xff\xe0 no picture".as_slice(), &own].concat(),
        FailureCode::UnsupportedFormat => [b"PK\x03\x04 an archive".as_slice(), &own].concat(),
        FailureCode::TypeMismatch => [b"GIF89a\x01\0\x01\0\0\0\0;".as_slice(), &own].concat(),
        FailureCode::TooManyPixels => {
            let mut bytes = [small(), own.to_vec()].concat();
            let frame = bytes
                .windows(2)
                .position(|marker| marker == [0xff, 0xc0])
                .unwrap();
            bytes[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
            bytes
        }
        _ => [
            small(),
            vec![u8::from(kind == FailureCode::ChecksumMismatch)],
            own.to_vec(),
        ]
        .concat(),
    }
}

fn small() -> Vec<u8> {
    jpeg(7)
}

/// What somebody with the bucket's keys does to an object.
async fn spoil(household: &Household, ann: &Person, kind: FailureCode, id: &str) {
    let s3 = household.clients().await.s3(Some(&household.album.aws));
    let key = household.original(ann, id).await;
    match kind {
        FailureCode::OriginalMissing => {
            s3.delete_object()
                .bucket(BUCKET)
                .key(key)
                .send()
                .await
                .unwrap();
        }
        FailureCode::ChecksumMismatch => {
            let other = jpeg(8).into();
            s3.put_object()
                .bucket(BUCKET)
                .key(key)
                .body(other)
                .send()
                .await
                .unwrap();
        }
        _ => {}
    }
}

/// Waits until that many photos have failed.
async fn failed(household: &Household, ann: &Person, count: usize) {
    let all = async {
        loop {
            let photos = household.records(ann).await;
            let failed = photos
                .iter()
                .filter(|photo| photo.status() == Status::Failed);
            if failed.count() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), all)
        .await
        .expect("all have failed in two minutes");
}
