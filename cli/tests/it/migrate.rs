//! An album that moves to another one, in as many runs as it takes.

use std::process::{Output, Stdio};

use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::table::Table;
use serde_json::Value;
use tokio::process::Command;

use crate::home::{Home, photo};

const PHOTOS: u32 = 12;

/// Runs `migrate` here, with the AWS of the other album in the environment.
async fn migrate(here: &Home, there: &Home, arguments: &[&str]) -> Output {
    let to = ["migrate", "--bucket", "cloudalbum-photos", "--tables", ""];
    let arguments: Vec<&str> = to.iter().chain(arguments).copied().collect();
    let endpoint = there.album.aws.as_str().trim_end_matches('/');
    let credentials = &there.album.credentials;
    let mut command: Command = here.command(&arguments);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", &credentials.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &credentials.secret_key)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command.output().await.unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn listed(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let output = home.run(arguments).await;
    assert!(output.status.success(), "{output:?}");
    let mut photos: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    // Photos of one moment are listed by their ids, which differ.
    photos.sort_by_key(|photo| photo["filename"].as_str().unwrap().to_owned());
    photos
}

#[tokio::test(flavor = "multi_thread")]
async fn an_album_moves_whole_and_once() {
    let here = Home::start(&[]).await;
    let there = Home::start(&[]).await;
    let folder = here.folder().join("photos");
    std::fs::create_dir(&folder).unwrap();
    let mut bytes = 0;
    for seed in 0..PHOTOS {
        let content = photo(seed, 5_000);
        bytes += content.len();
        std::fs::write(folder.join(format!("{seed}.jpg")), content).unwrap();
    }
    let path = folder.to_str().unwrap();
    let upload = ["upload", path, "--tag", "Paris", "--description", "by hand"];
    let sent = here.run(&upload).await;
    assert!(sent.status.success(), "{sent:?}");
    let before = listed(&here, &["ls", "--json"]).await;
    let trashed = before.first().unwrap()["id"].as_str().unwrap();
    assert!(here.run(&["rm", trashed]).await.status.success());

    let planned = migrate(&here, &there, &["--dry-run"]).await;
    assert!(told(&planned).contains("12 would move"), "{planned:?}");
    assert!(listed(&there, &["ls", "--json"]).await.is_empty());

    let moved = migrate(&here, &there, &[]).await;
    assert!(moved.status.success(), "{moved:?}");
    let line = format!("12 moved ({bytes} bytes), 0 already there");
    assert!(told(&moved).contains(&line), "{moved:?}");

    let before = listed(&here, &["ls", "--json"]).await;
    let after = listed(&there, &["ls", "--json"]).await;
    assert_eq!((before.len(), after.len()), (11, 11));
    for (old, new) in before.iter().zip(&after) {
        for field in [
            "filename",
            "sha256",
            "tags",
            "description",
            "status",
            "uploaded_at",
            "thumbhash",
            "width",
        ] {
            assert_eq!(old[field], new[field], "{field}");
        }
        assert_ne!(old["id"], new["id"], "it is another owner's");
        assert_eq!(new["status"], "ready");
    }
    assert_eq!(
        listed(&there, &["ls", "--json", "--trashed"]).await.len(),
        1
    );
    assert_eq!(
        listed(&there, &["search", "paris", "--json"]).await.len(),
        11
    );

    let back = there.folder().join("back");
    let fetched = there.run(&["download", back.to_str().unwrap()]).await;
    assert!(fetched.status.success(), "{fetched:?}");
    assert_eq!(std::fs::read_dir(&back).unwrap().count(), 11);
    for rendition in after.first().unwrap()["renditions"].as_array().unwrap() {
        let url = rendition["url"].as_str().unwrap();
        assert!(reqwest::get(url).await.unwrap().status().is_success());
    }

    let again = migrate(&here, &there, &[]).await;
    assert!(
        told(&again).contains("0 moved (0 bytes), 12 already there"),
        "{again:?}"
    );
    here.album.stop().await;
    there.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_broken_off_goes_on() {
    let here = Home::start(&[]).await;
    // One object is refused as often as it is tried, and one record is written without an answer.
    let faults = "fail@s3.PutObject=10 fail@s3.PutObject=11 fail@s3.PutObject=12 \
        cut@dynamodb.TransactWriteItems=5";
    let there = Home::start(&[("LOCAL_FAULTS", faults)]).await;
    let folder = here.folder().join("photos");
    std::fs::create_dir(&folder).unwrap();
    for seed in 0..PHOTOS {
        std::fs::write(folder.join(format!("{seed}.jpg")), photo(seed, 5_000)).unwrap();
    }
    let sent = here.run(&["upload", folder.to_str().unwrap()]).await;
    assert!(sent.status.success(), "{sent:?}");
    let broken = migrate(&here, &there, &["--parallel", "1"]).await;
    assert!(!broken.status.success(), "{broken:?}");
    assert!(told(&broken).contains(" 1 failed"), "{broken:?}");
    let mended = migrate(&here, &there, &[]).await;
    assert!(mended.status.success(), "{mended:?}");
    assert!(
        told(&mended).contains("1 moved (5000 bytes), 11 already there"),
        "{mended:?}"
    );

    let keys = &there.album.credentials;
    let clients = Clients::at(
        &there.album.aws,
        "us-east-1",
        &keys.access_key,
        &keys.secret_key,
    );
    let table = Table::new(clients.await.dynamodb(), "");
    let owners = table.owners_of("ann@example.com").await.unwrap();
    let usage = table.account(owners.first().unwrap()).await.unwrap().usage;
    assert_eq!(
        (usage.photos, usage.bytes),
        (12, 60_000),
        "each is counted once"
    );
    here.album.stop().await;
    there.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_there_keeps_its_photos() {
    let here = Home::start(&[]).await;
    let there = Home::start_as("bob@example.com", &[]).await;
    let refused = migrate(&here, &there, &[]).await;
    assert!(!refused.status.success());
    let says = String::from_utf8_lossy(&refused.stderr);
    assert!(
        says.contains("ann@example.com: no such account there"),
        "{says}"
    );
    here.album.stop().await;
    there.album.stop().await;
}
