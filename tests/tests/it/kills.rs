//! SIGKILL of the whole process in the middle of an upload: nothing that was
//! acknowledged is lost, and nothing is there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::household::jpeg;
use crate::process::Process;
use crate::sender::Sender;

const PHOTOS: u8 = 100;
const KILLS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_ten_times_loses_and_doubles_nothing() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let files: BTreeMap<String, Vec<u8>> = (0..PHOTOS)
        .map(|seed| (format!("IMG_{seed:03}.jpg"), jpeg(seed)))
        .collect();
    let mut acknowledged = BTreeSet::new();
    for life in 0..KILLS {
        let mut process = Process::start(folder.path()).await;
        let sender = Sender::sign_in(&process, life == 0).await;
        let mut left = random.random_range(1..=9);
        let pass = sender.pass(&files, |id| {
            acknowledged.insert(id);
            left -= 1;
            if left == 0 {
                process.kill();
            }
        });
        pass.await
            .expect_err("it is killed before everything is sent");
        process.gone().await;
    }
    let mut process = Process::start(folder.path()).await;
    let sender = Sender::sign_in(&process, false).await;
    let mut complete = false;
    while !complete {
        let pass = sender.pass(&files, |id| {
            acknowledged.insert(id);
        });
        complete = pass.await.unwrap();
    }
    let ready = tokio::time::timeout(Duration::from_mins(3), sender.ready(files.len()));
    ready.await.expect("every photo is ready in three minutes");
    let photos = sender.photos().await;
    let ids: BTreeSet<String> = photos.iter().cloned().collect();
    assert_eq!((photos.len(), ids.len()), (files.len(), files.len()));
    assert!(acknowledged.is_subset(&ids));
    process.kill();
    process.gone().await;
}
