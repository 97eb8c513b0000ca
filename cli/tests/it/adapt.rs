//! The client adapts to the store: more at once while it goes well, fewer when it
//! does not, and no byte before the store asks for it.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::crowd::Manner;
use crate::home::{Home, photo};

/// A folder of different photos.
fn photos(home: &Home, count: u32) -> String {
    let folder = home.folder().join("photos");
    std::fs::create_dir(&folder).unwrap();
    for seed in 0..count {
        let path = folder.join(format!("{seed}.jpg"));
        std::fs::write(path, photo(seed, 3_000)).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

async fn upload(home: &Home, path: &str) -> Value {
    let upload = ["upload", path, "--json", "--no-wait", "--parallel", "16"];
    let output = home.run(&upload).await;
    assert!(output.status.success(), "{output:?}");
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    receipt["sums"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_bears_two_at_once_is_not_asked_for_sixteen() {
    let home = Home::behind(Manner::Narrow(2), &[]).await;
    let path = photos(&home, 40);
    let sums = upload(&home, &path).await;
    assert_eq!(sums["stored"], 40, "{sums}");
    let (peak, refused) = (home.tap.crowd.peak(), home.tap.crowd.refused());
    assert!(refused > 0, "it was never too much");
    assert!(peak <= 8, "{peak} at once, {refused} refused");
    home.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_keeps_up_is_given_more_at_once() {
    let gathering = Manner::Gathering {
        after: 30,
        together: 7,
    };
    let home = Home::behind(gathering, &[]).await;
    let path = photos(&home, 80);
    let sums = tokio::time::timeout(Duration::from_mins(2), upload(&home, &path)).await;
    let sums = sums.expect("seven are on their way at once");
    assert_eq!(sums["stored"], 80, "{sums}");
    assert!(home.tap.crowd.peak() >= 7 && home.tap.crowd.peak() <= 16);
    home.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_has_without_anyone_knowing_is_not_sent_again() {
    // The album is never told of an object, so that it asks for each again.
    let home = Home::start(&[("LOCAL_FAULTS", "drop=100")]).await;
    let path = photos(&home, 20);
    let sums = upload(&home, &path).await;
    assert_eq!(sums["stored"], 20, "{sums}");
    let before = home.tap.sent();
    assert!(before >= 60_000, "{before}");
    let again = upload(&home, &path).await;
    assert_eq!(again["already_there"], 20, "{again}");
    assert_eq!(
        home.tap.sent(),
        before,
        "the store refused before the bytes"
    );
    home.album.stop().await;
}

/// The lines of a client until one says it.
async fn says(lines: &mut (impl AsyncBufReadExt + Unpin), words: &str) -> String {
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        let read = lines.read_line(&mut line);
        let read = tokio::time::timeout(Duration::from_mins(1), read).await;
        let read = read.unwrap_or_else(|_| panic!("it never says {words}"));
        assert!(read.unwrap() > 0, "it ended without saying {words}");
    }
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_each_change_until_the_photo_is_gone_from_the_album() {
    let home = Home::start(&[]).await;
    let mut watching = home.client(&["status", "--watch"]);
    let mut lines = BufReader::new(watching.stdout.take().unwrap());
    says(&mut lines, "no photos yet").await;
    let file = home.folder().join("beach.jpg");
    std::fs::write(&file, photo(1, 3_000)).unwrap();
    let output = home
        .run(&["upload", file.to_str().unwrap(), "--json"])
        .await;
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    let id = receipt["files"][0]["photo_id"].as_str().unwrap();
    let line = says(&mut lines, " ready ").await;
    assert_eq!(line, format!("{id} ready beach.jpg\n"));
    assert!(home.run(&["rm", id]).await.status.success());
    let line = says(&mut lines, " trashed ").await;
    assert_eq!(line, format!("{id} trashed beach.jpg\n"));
    assert!(home.run(&["restore", id]).await.status.success());
    says(&mut lines, " ready ").await;
    watching.kill().await.unwrap();
    home.album.stop().await;
}
