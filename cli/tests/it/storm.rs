//! Clients killed at random points, and the server once: no stored photo is sent twice.

use std::time::Instant;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;

use crate::crowd::Manner;
use crate::home::{ANN, Desk, photo};
use crate::process::{self, Place};
use crate::tap::Tap;

const PARALLEL: u64 = 4;
const KILLS: usize = 10;

/// `STORM_PHOTOS` of the environment: 5,000 for the figures, fewer by default.
#[expect(
    clippy::disallowed_methods,
    reason = "asked for by whoever runs the test"
)]
fn photos() -> u32 {
    let asked = std::env::var("STORM_PHOTOS");
    asked.map_or(250, |asked| asked.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_clients_and_a_killed_server_cost_what_was_on_its_way_and_no_more() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let count = photos();
    let folder = tempfile::tempdir().unwrap();
    let album = folder.path().join("photos");
    std::fs::create_dir(&album).unwrap();
    let (mut total, mut largest) = (0, 0);
    for seed in 0..count {
        let length: usize = random.random_range(20_000..80_000);
        let path = album.join(format!("IMG_{seed:05}.jpg"));
        std::fs::write(path, photo(seed, length)).unwrap();
        total += length as u64;
        largest = largest.max(length as u64);
    }
    let tap = Tap::listen(Manner::Open).await;
    let place = Place::free();
    tap.lead_to(place.aws);
    let mut server = process::start(place, folder.path(), tap.address).await;
    let app = format!("http://{}/", place.app);
    let desk = Desk {
        app: &app,
        aws: place.aws.to_string(),
        folder: folder.path(),
    };
    desk.sign_up(ANN).await;

    let begun = Instant::now();
    let path = album.to_str().unwrap();
    let upload = ["upload", path, "--json", "--no-wait", "--parallel", "4"];
    let mut points: Vec<u64> = (0..=KILLS)
        .map(|_| random.random_range(total / 50..total * 49 / 50))
        .collect();
    points.sort_unstable();
    let server_falls = random.random_range(0..=KILLS);
    for (number, point) in points.into_iter().enumerate() {
        let mut client = desk.client(&upload);
        tap.reaches(point).await;
        if number == server_falls {
            server.kill().await.unwrap();
            server = process::start(place, folder.path(), tap.address).await;
            // The client lives on: what it had on its way is sent again.
            tap.reaches((point + PARALLEL * largest).min(total)).await;
        }
        client.kill().await.unwrap();
    }
    let output = desk.client(&upload).wait_with_output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sums = &receipt["sums"];
    let there = sums["stored"].as_u64().unwrap() + sums["already_there"].as_u64().unwrap();
    assert_eq!(there, u64::from(count), "{sums}");
    assert_eq!(receipt["files"].as_array().unwrap().len() as u64, there);
    let sent = tap.sent();
    let kills = KILLS as u64 + 2;
    let bound = kills * PARALLEL * largest;
    println!("figure storm.photos {there} photos");
    println!("figure storm.kills_of_clients {} kills", KILLS + 1);
    println!("figure storm.kills_of_the_server 1 kills");
    println!("figure storm.bytes_of_photos {total} B");
    println!("figure storm.bytes_sent_again {} B", sent - total);
    println!("figure storm.bytes_sent_again_bound {bound} B");
    println!("figure storm.seconds {} s", begun.elapsed().as_secs());
    assert!(sent >= total, "{sent} of {total}");
    assert!(
        sent <= total + bound,
        "{sent} of {total}, {bound} more at most"
    );

    let before = tap.sent();
    let output = desk.client(&upload).wait_with_output().await.unwrap();
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(receipt["sums"]["already_there"], count, "{receipt}");
    assert_eq!(tap.sent(), before, "stored photos are not sent");
    server.kill().await.unwrap();
}
