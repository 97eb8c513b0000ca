//! Uploads that are killed and run again send nothing twice but what was under way.

use serde_json::Value;

use crate::home::{Home, photo};

/// The receipt of an upload that ended.
async fn receipt(home: &Home, arguments: &[&str]) -> Value {
    let output = home.run(arguments).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_killed_again_and_again_is_sent_once() {
    const PHOTOS: u32 = 200;
    const PARALLEL: u64 = 4;
    const KILLS: u64 = 6;
    let home = Home::start(&[]).await;
    let folder = home.folder().join("photos");
    std::fs::create_dir(&folder).unwrap();
    let mut total = 0;
    let mut largest = 0;
    for seed in 0..PHOTOS {
        let length = 20_000 + usize::try_from(seed * 7_919 % 60_000).unwrap();
        std::fs::write(folder.join(format!("{seed}.jpg")), photo(seed, length)).unwrap();
        total += length as u64;
        largest = largest.max(length as u64);
    }
    let path = folder.to_str().unwrap();
    let upload = ["upload", path, "--json", "--no-wait", "--parallel", "4"];
    let mut lost = 0;
    for kill in 1..=KILLS {
        let mut client = home.client(&upload);
        // Spread over the run, and at no border of a file.
        home.tap
            .reaches(total * kill / (KILLS + 1) + 997 * kill)
            .await;
        client.kill().await.unwrap();
        lost += PARALLEL * largest;
    }
    let receipt = receipt(&home, &upload).await;
    let sums = &receipt["sums"];
    let counted = sums["stored"].as_u64().unwrap() + sums["already_there"].as_u64().unwrap();
    assert_eq!(counted, u64::from(PHOTOS), "{sums}");
    assert_eq!(receipt["files"].as_array().unwrap().len(), 200);
    let sent = home.tap.sent();
    assert!(sent >= total, "{sent} of {total}");
    assert!(
        sent <= total + lost,
        "{sent} of {total}, {lost} more at most"
    );

    let before = home.tap.sent();
    let again = crate::resume::receipt(&home, &upload).await;
    assert_eq!(again["sums"]["already_there"], PHOTOS);
    assert_eq!(home.tap.sent(), before, "nothing is sent for stored photos");
    home.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_that_is_killed_resends_one_part_at_most() {
    const LENGTH: usize = 200_000_000;
    const PART: u64 = 8 << 20;
    let home = Home::start(&[]).await;
    let path = home.folder().join("large.jpg");
    std::fs::write(&path, photo(1, LENGTH)).unwrap();
    let upload = ["upload", path.to_str().unwrap(), "--json"];
    let mut client = home.client(&upload);
    let total = LENGTH as u64;
    home.tap.reaches(total * 6 / 10).await;
    client.kill().await.unwrap();
    let receipt = receipt(&home, &upload).await;
    assert_eq!(receipt["sums"]["stored"], 1, "{receipt}");
    let sent = home.tap.sent();
    assert!(sent >= total, "{sent}");
    assert!(sent <= total + PART, "{sent}");
    home.album.stop().await;
}
