//! Upload URLs per second of processor time, beside boto3's `generate_presigned_url`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use cloudalbum_aws::clients::Clients;
use cloudalbum_domain::{MediaType, OriginalKey, OwnerId, PhotoId, Sha256};
use jiff::Timestamp;
use serde_json::json;

use crate::figure;
use crate::metadata::python;
use crate::thumbnails::cpu_ms;

const ENDPOINT: &str = "http://127.0.0.1:4566";
const LIFE: Duration = Duration::from_mins(15);
/// How often the same 1,000 are signed, so that the clock's steps do not count.
const ROUNDS: u32 = 50;

/// Both sign the same 1,000, each on one thread, ours as often as theirs.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let owner: OwnerId = "3f2c8a5e-0000-4000-8000-123456789abc".parse()?;
    let photos: Vec<(OriginalKey, Sha256)> = (0..1_000)
        .map(|number: u32| {
            let sha256 = Sha256::of(&number.to_le_bytes());
            let photo = PhotoId::derive(&owner, &sha256);
            let owner = owner.clone();
            (OriginalKey { owner, photo }, sha256)
        })
        .collect();
    let clients = Clients::at(&ENDPOINT.parse()?, "us-east-1", "AKIAEXAMPLE", "secret").await;
    let signer = clients.signer(Some(&ENDPOINT.parse()?), "album");
    let before = cpu_ms()?;
    for _ in 0..ROUNDS {
        let now = Timestamp::now();
        for (key, sha256) in &photos {
            let put = signer.put(key, sha256, 3_145_728, MediaType::Jpeg, now, LIFE);
            std::hint::black_box(put.await?);
        }
    }
    let spent = (cpu_ms()? - before) / 1e3;
    let ours = f64::from(ROUNDS) * 1_000.0 / spent;
    figure::print("api.presign.per_cpu_second", ours, "1/s");
    if let Some(theirs) = boto3(&photos)? {
        figure::print("api.presign.per_cpu_second_boto3", theirs, "1/s");
        figure::print("api.presign.times_boto3", ours / theirs, "x");
    }
    Ok(())
}

/// Signs the same with boto3, if it is installed.
fn boto3(photos: &[(OriginalKey, Sha256)]) -> anyhow::Result<Option<f64>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let started = Command::new(python())
        .arg(folder.join("peers/presign.py"))
        .arg(ENDPOINT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        return Ok(None);
    };
    let photos: Vec<_> = photos
        .iter()
        .map(|(key, sha256)| json!({ "key": key.to_string(), "sha256": sha256.base64() }))
        .collect();
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(&serde_json::to_vec(&photos)?)?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "peers/presign.py failed");
    Ok(String::from_utf8(output.stdout)?.trim().parse().ok())
}
