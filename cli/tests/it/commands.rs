//! The commands around uploading: what they say, and how they end.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::home::{Home, photo};

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_would_go_and_sends_nothing() {
    let home = Home::start(&[("QUOTA_PHOTOS", "2")]).await;
    let folder = home.folder().join("photos");
    std::fs::create_dir(&folder).unwrap();
    for (name, seed) in [("a.jpg", 1), ("b.jpg", 2), ("twin.jpg", 2)] {
        std::fs::write(folder.join(name), photo(seed, 5_000)).unwrap();
    }
    std::fs::write(folder.join("notes.txt"), "text").unwrap();
    let path = folder.to_str().unwrap();
    let preview = async || -> Value {
        let output = home.run(&["upload", path, "--dry-run", "--json"]).await;
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let first = preview().await;
    for (name, value) in [
        ("photos", 3),
        ("duplicates", 1),
        ("to_send", 2),
        ("bytes_to_send", 10_000),
        ("not_photos", 1),
        ("photos_left", 2),
    ] {
        assert_eq!(first[name], value, "{name}: {first}");
    }
    assert_eq!(first["fits"], true);
    assert_eq!(home.tap.sent(), 0);

    let output = home.run(&["upload", path, "--json"]).await;
    assert!(output.status.success(), "{output:?}");
    let second = preview().await;
    assert_eq!(
        (&second["to_send"], &second["already_there"]),
        (&0.into(), &2.into())
    );

    std::fs::write(folder.join("c.jpg"), photo(3, 5_000)).unwrap();
    assert_eq!(preview().await["fits"], false);
    let output = home.run(&["upload", path, "--json"]).await;
    assert!(!output.status.success(), "a refusal is no success");
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(receipt["sums"]["refused"], 1, "{receipt}");
    let files = receipt["files"].as_array().unwrap();
    let refused = files.iter().find(|file| file["outcome"] == "refused");
    assert_eq!(refused.unwrap()["code"], "quota_exceeded");
    home.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_closes_with_a_receipt_and_running_again_goes_on() {
    let home = Home::start(&[]).await;
    let folder = home.folder().join("photos");
    std::fs::create_dir(&folder).unwrap();
    for seed in 0..60 {
        let path = folder.join(format!("{seed}.jpg"));
        std::fs::write(path, photo(seed, 200_000)).unwrap();
    }
    let path = folder.to_str().unwrap();
    let client = home.client(&["upload", path, "--json", "--no-wait", "--parallel", "2"]);
    home.tap.reaches(2_000_000).await;
    let id = client.id().unwrap().to_string();
    let interrupt = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(interrupt.success());
    let output = client.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130));
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(receipt["sums"]["files"], 60);
    assert!(
        receipt["sums"]["not_sent"].as_u64().unwrap() > 0,
        "{receipt}"
    );

    let output = home.run(&["upload", path, "--json", "--no-wait"]).await;
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sums = &receipt["sums"];
    let there = sums["stored"].as_u64().unwrap() + sums["already_there"].as_u64().unwrap();
    assert_eq!(there, 60, "{sums}");
    assert!(sums["already_there"].as_u64().unwrap() > 0, "{sums}");
    home.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_uploaded_is_found_downloaded_with_edits_removed_and_restored() {
    let home = Home::start(&[]).await;
    let (one, two) = (photo(1, 5_000), photo(2, 6_000));
    let file = home.folder().join("beach.jpg");
    std::fs::write(&file, &one).unwrap();
    std::fs::write(home.folder().join("city.jpg"), &two).unwrap();
    let upload = [
        "upload",
        file.to_str().unwrap(),
        "--json",
        "--tag",
        "Summer",
    ];
    let output = home.run(&upload).await;
    assert!(output.status.success(), "{output:?}");
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    let id = receipt["files"][0]["photo_id"].as_str().unwrap().to_owned();
    let other = home.folder().join("city.jpg");
    let output = home.run(&["upload", other.to_str().unwrap()]).await;
    assert!(output.status.success(), "{output:?}");

    let said = async |arguments: &[&str]| {
        let output = home.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let found = said(&["search", "summ"]).await;
    assert!(
        found.contains("beach.jpg") && !found.contains("city.jpg"),
        "{found}"
    );
    assert!(said(&["ls"]).await.contains("city.jpg"));
    assert!(said(&["show", &id]).await.contains("Summer"));
    assert!(said(&["status"]).await.contains('2'));

    let folder = home.folder().join("back");
    let back = folder.to_str().unwrap();
    for _ in 0..2 {
        said(&["download", back, "--search", "summer", "--edits"]).await;
        assert_eq!(std::fs::read(folder.join("beach.jpg")).unwrap(), one);
        let sidecar = std::fs::read_to_string(folder.join("beach.jpg.xmp")).unwrap();
        assert!(sidecar.contains("<rdf:li>Summer</rdf:li>"), "{sidecar}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    }

    said(&["rm", &id]).await;
    assert!(!said(&["ls"]).await.contains("beach.jpg"));
    said(&["restore", &id]).await;
    assert!(said(&["ls"]).await.contains("beach.jpg"));
    home.album.stop().await;
}

#[tokio::test]
async fn completions_and_a_manual_page_come_from_the_command_line_itself() {
    let client = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cloudalbum"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let page = client(&["man"]);
    assert!(page.contains(".TH cloudalbum"), "{page}");
    let script = client(&["completions", "bash"]);
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = bash.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    assert!(bash.wait().unwrap().success());
    assert!(script.contains("--dry-run"));
}
