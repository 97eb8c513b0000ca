//! Reading metadata: agreement with exiftool, time beside peers, bytes fetched.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use cloudalbum_extract::{Extraction, Original, extract};

use crate::agreement;
use crate::figure::{self, micros, percentile};

/// Real photos, if they are beside the repository.
pub(crate) const PHOTOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/photos");
/// Photos from here on are large.
const LARGE: u64 = 2_000_000;

pub(crate) fn run() -> anyhow::Result<()> {
    if let Some(agreement) = agreement::measure()? {
        figure::print("metadata.agreement_percent", agreement.all.percent(), "%");
        if let Some(intact) = agreement.intact {
            figure::print("metadata.agreement_intact_percent", intact.percent(), "%");
        }
    }
    let photos = photos(Path::new(PHOTOS))?;
    bytes_fetched(&photos);
    let mut jpegs = Vec::new();
    for (path, bytes) in &photos {
        let has_camera = bytes.starts_with(&[0xff, 0xd8])
            && matches!(extract(&Original::whole(bytes)), Extraction::Done(metadata, _) if metadata.make.is_some());
        if has_camera {
            jpegs.push((path, bytes));
        }
    }
    let mut times: Vec<f64> = jpegs.iter().map(|(_, bytes)| time(bytes)).collect();
    let (Some(ours), Some(p99)) = (percentile(&mut times, 50), percentile(&mut times, 99)) else {
        return Ok(());
    };
    figure::print("metadata.exif_p50_us", ours, "us");
    figure::print("metadata.exif_p99_us", p99, "us");
    let paths: Vec<&Path> = jpegs.iter().map(|(path, _)| path.as_path()).collect();
    for (peer, theirs) in peers(&paths)? {
        figure::print(&format!("metadata.{peer}_us"), theirs, "us");
        figure::print(
            &format!("metadata.exif_ratio_{peer}"),
            ours / theirs,
            "ratio",
        );
    }
    Ok(())
}

/// Every file below `folder`; none if there is no such folder.
pub(crate) fn photos(folder: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut photos = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(photos);
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            photos.extend(self::photos(&path)?);
        } else {
            let bytes = std::fs::read(&path)?;
            photos.push((path, bytes));
        }
    }
    photos.sort();
    Ok(photos)
}

/// The best of many readings of one photo, in microseconds.
fn time(bytes: &[u8]) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..50 {
        let start = Instant::now();
        std::hint::black_box(extract(&Original::whole(bytes)));
        best = best.min(micros(start.elapsed()));
    }
    best
}

/// What the worker would fetch of each photo.
#[expect(clippy::cast_precision_loss, reason = "byte counts of a few photos")]
fn bytes_fetched(photos: &[(PathBuf, Vec<u8>)]) {
    let (mut fetched, mut all) = (0, 0);
    let (mut one_request, mut jpegs) = (0_u32, 0_u32);
    for (_, bytes) in photos {
        let jpeg = bytes.starts_with(&[0xff, 0xd8]);
        let heif = bytes.get(4..8) == Some(b"ftyp");
        if !(jpeg || heif) {
            continue;
        }
        let (requests, read) = fetch(bytes);
        if bytes.len() as u64 >= LARGE {
            fetched += read;
            all += bytes.len() as u64;
        }
        if jpeg {
            jpegs += 1;
            one_request += u32::from(requests == 1);
        }
    }
    if all > 0 {
        let percent = 100.0 * fetched as f64 / all as f64;
        figure::print("metadata.bytes_read_percent", percent, "%");
    }
    if jpegs > 0 {
        let percent = 100.0 * f64::from(one_request) / f64::from(jpegs);
        figure::print("metadata.jpeg_one_request_percent", percent, "%");
    }
}

/// Feeds a photo as the worker does; how many requests and bytes it took.
pub(crate) fn fetch(bytes: &[u8]) -> (u32, u64) {
    let mut original = Original::new(bytes.len() as u64);
    let mut range = original.head();
    let mut requests = 0;
    loop {
        requests += 1;
        original.add(range.start, slice(bytes, &range));
        match extract(&original) {
            Extraction::Done(..) => return (requests, original.bytes_read()),
            Extraction::Need(next) => range = next,
        }
    }
}

fn slice<'a>(bytes: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    let at = |at| usize::try_from(at).unwrap_or(usize::MAX);
    bytes
        .get(at(range.start)..at(range.end))
        .unwrap_or_default()
}

/// The Python that has the peers, if there is one beside them.
pub(crate) fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python3");
    if own.exists() { own } else { "python3".into() }
}

/// The medians of the peers that are installed, by name.
fn peers(photos: &[&Path]) -> anyhow::Result<Vec<(String, f64)>> {
    let started = Command::new(python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/metadata.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        return Ok(Vec::new());
    };
    let paths: Vec<String> = photos
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(paths.join("\n").as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let medians: std::collections::BTreeMap<String, f64> = serde_json::from_slice(&output.stdout)?;
    Ok(medians.into_iter().collect())
}
