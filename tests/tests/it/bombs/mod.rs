//! Files made to starve or to fool a decoder, sent like any photo: each ends in
//! its code within bounded memory, and the photos beside it are unharmed.

mod corpus;

use cloudalbum_domain::Status;
use cloudalbum_domain::wire::{EntryAnswer, ManifestEntry, Upload};

use crate::household::{Household, Person, entry, jpeg};
use corpus::Bomb;

/// What the album, its workers and this test may hold at once, in MB: 1,000 on
/// two cores that are busy. A bomb that goes off takes 2,700 MB.
const MOST_MEMORY: u64 = 1_500;

#[tokio::test(flavor = "multi_thread")]
async fn every_bomb_ends_in_its_code_and_its_neighbours_are_unharmed() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let mut sent = Vec::new();
    for (number, bomb) in (0..).zip(corpus::all()) {
        let id = put(&ann, &bomb).await;
        let (neighbour, _) = ann.upload("neighbour.jpg", &jpeg(number)).await;
        sent.push((bomb, id, neighbour));
    }
    for (bomb, id, neighbour) in sent {
        let fate = |photo: &str, end| (photo.to_owned(), end);
        for (photo, end) in [
            fate(&neighbour, Status::Ready),
            fate(&id, bomb.code.map_or(Status::Ready, |_| Status::Failed)),
        ] {
            ann.follow(|view| view.id == photo && settled(view.status))
                .await;
            assert_eq!(ann.photo(&photo).await.status, end, "{}", bomb.name);
        }
        let photo = ann.photo(&id).await;
        let code = photo.failures.first().map(|failure| failure.code);
        assert_eq!(code, bomb.code, "{}", bomb.name);
        assert_eq!(
            photo.renditions.is_empty(),
            bomb.code.is_some(),
            "{}",
            bomb.name
        );
        for rendition in &photo.renditions {
            let served = household.http.get(&rendition.url).send().await.unwrap();
            let served = served.bytes().await.unwrap();
            let hidden = |part: &[u8]| served.windows(part.len()).any(|bytes| bytes == part);
            assert!(!hidden(corpus::SCRIPT), "{}", bomb.name);
            image::load_from_memory(&served).unwrap();
        }
    }
    household.album.stop().await;
    if let Some(peak) = peak_mb().filter(|_| is_alone()) {
        assert!(peak < MOST_MEMORY, "{peak} MB");
    }
}

fn settled(status: Status) -> bool {
    matches!(status, Status::Ready | Status::Failed)
}

async fn put(person: &Person, bomb: &Bomb) -> String {
    let manifest = ManifestEntry {
        content_type: bomb.content_type.to_owned(),
        ..entry(bomb.name, &bomb.bytes)
    };
    let answers = person.post_manifest(vec![manifest]).await;
    let Some(EntryAnswer::Upload {
        photo_id,
        upload: Upload::Put { url, headers, .. },
    }) = answers.first()
    else {
        panic!("{}: {answers:?}", bomb.name);
    };
    let mut put = person.http.put(url).body(bomb.bytes.clone());
    for (name, value) in headers {
        put = put.header(name, value);
    }
    assert!(put.send().await.unwrap().status().is_success());
    photo_id.clone()
}

/// Whether this process runs no other test, as those of nextest do.
fn is_alone() -> bool {
    std::env::var_os("NEXTEST").is_some()
}

/// The peak of this process's memory, where Linux tells it.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024)
}
