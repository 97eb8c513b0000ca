//! The client that `docs/upload-protocol.md` shows, run as it stands there.

use std::process::Stdio;

use cloudalbum_domain::{FailureCode, Status};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::household::{Household, jpeg};

const PAGE: &str = include_str!("../../../docs/upload-protocol.md");

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_the_protocol_page_uploads_a_folder() {
    let household = Household::told(&[("MULTIPART_BYTES", "5242880")]).await;
    let ann = household.person("ann@example.com").await;
    let folder = tempfile::tempdir().unwrap();
    let (_, rest) = PAGE.split_once("```python\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let client = folder.path().join("upload.py");
    std::fs::write(&client, script).unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    let mut large = jpeg(1);
    large.resize(17 << 20, 1);
    std::fs::write(photos.join("large.jpg"), large).unwrap();
    std::fs::write(photos.join("small.jpg"), jpeg(2)).unwrap();
    std::fs::write(photos.join("notes.txt"), "no photo").unwrap();

    for _ in 0..2 {
        let mut run = Command::new("python3")
            .arg(&client)
            .args([household.album.app.as_str(), "ann@example.com"])
            .arg(&photos)
            .env("no_proxy", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("python3 is needed to run the client of the protocol page");
        let mut password = run.stdin.take().unwrap();
        password.write_all(b"Passw0rd-of-a-test\n").await.unwrap();
        drop(password);
        let output = run.wait_with_output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{errors}");
        for line in [
            "large.jpg stored",
            "small.jpg stored",
            "notes.txt refused",
            "large.jpg ready",
            "small.jpg ready",
        ] {
            assert!(said.contains(line), "{line} is missing: {said}");
        }
    }
    let page: cloudalbum_domain::wire::PhotoPage = ann.get("v1/photos").await.json().await.unwrap();
    let states: Vec<Status> = page.photos.iter().map(|photo| photo.status).collect();
    assert_eq!(states, [Status::Ready, Status::Ready]);
    household.album.stop().await;
}

#[test]
fn the_protocol_page_names_every_failure() {
    for code in FailureCode::ALL {
        assert!(PAGE.contains(&format!("`{code}`")), "{code} is missing");
    }
}
