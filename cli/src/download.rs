//! Originals, back on this machine: streamed, checked, never half.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use cloudalbum_domain::wire::PhotoView;
use futures::StreamExt;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::album::{self, Pages};
use crate::api::{self, Api};
use crate::args::{DownloadArgs, Settings};
use crate::backoff;
use crate::terminal::{Terminal, plain};
use crate::xmp;

const TRIES: u32 = 5;

pub(crate) async fn run(
    settings: &Settings,
    given: DownloadArgs,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let api = Api::new(settings)?;
    std::fs::create_dir_all(&given.dir)
        .with_context(|| format!("cannot make the folder {}", given.dir.display()))?;
    let query = given.search.map(|text| ("q", text)).into_iter().collect();
    let mut pages = Pages::new(&api, query);
    let (mut new, mut held, mut failed) = (0_u64, 0_u64, 0_u64);
    while let Some(page) = pages.next(usize::MAX).await? {
        for photo in page {
            let fetched = fetch(&api, &given.dir, &photo).await;
            let fetched = fetched.and_then(|place| {
                if given.edits {
                    xmp::write(&photo, place.path())?;
                }
                Ok(place)
            });
            match fetched {
                Ok(Place::Free(path)) => {
                    new += 1;
                    terminal.line(path.display());
                }
                Ok(Place::Held(_)) => held += 1,
                Err(error) => {
                    failed += 1;
                    terminal.note(format_args!(
                        "{} ({}): {error:#}",
                        plain(&photo.filename),
                        photo.id
                    ));
                }
            }
        }
    }
    terminal.note(format_args!(
        "{new} downloaded, {held} already here, {failed} failed"
    ));
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Where a photo belongs in the folder.
enum Place {
    Free(PathBuf),
    /// It is there already.
    Held(PathBuf),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Free(path) | Self::Held(path) => path,
        }
    }
}

/// Downloads one original, unless the folder holds it.
async fn fetch(api: &Api, dir: &Path, photo: &PhotoView) -> anyhow::Result<Place> {
    let place = place(dir, photo)?;
    let Place::Free(path) = &place else {
        return Ok(place);
    };
    let mut tries = 0;
    loop {
        tries += 1;
        match attempt(api, dir, path, photo).await {
            Ok(()) => return Ok(place),
            Err(error) if tries >= TRIES => return Err(error),
            Err(_) => backoff::pause(tries, None).await,
        }
    }
}

/// Asks for a fresh URL, since one may end while others are fetched.
async fn attempt(api: &Api, dir: &Path, path: &Path, photo: &PhotoView) -> anyhow::Result<()> {
    let view: PhotoView = api.get(&album::path(&photo.id, ""), &[]).await?;
    let url = view
        .original_url
        .context("the original has not arrived yet")?;
    let url = Url::parse(&url).context("the service gave no usable URL")?;
    let response = api::http_client(&url)?
        .get(url)
        .send()
        .await
        .map_err(reqwest::Error::without_url)?;
    ensure!(
        response.status().is_success(),
        "the store answered {}",
        response.status()
    );
    let beside = tempfile::NamedTempFile::new_in(dir)?;
    let mut file = tokio::fs::File::from_std(beside.reopen()?);
    let mut hash = Sha256::new();
    let mut size = 0_u64;
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(reqwest::Error::without_url)?;
        size += u64::try_from(chunk.len())?;
        ensure!(
            size <= photo.size,
            "the store sent more bytes than the photo has"
        );
        hash.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.sync_all().await?;
    let digest = cloudalbum_domain::Sha256::new(hash.finalize().into());
    ensure!(
        digest.to_string() == photo.sha256,
        "the bytes differ from those that were uploaded"
    );
    beside.persist_noclobber(path)?;
    Ok(())
}

/// Where the photo goes: its own name, with its id where the name is taken.
fn place(dir: &Path, photo: &PhotoView) -> anyhow::Result<Place> {
    let (stem, extension) = safe_name(&photo.filename);
    for name in [
        format!("{stem}{extension}"),
        format!("{stem}-{}{extension}", photo.id),
    ] {
        let path = dir.join(name);
        match std::fs::File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Place::Free(path));
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
            Ok(file) => {
                if file.metadata()?.len() == photo.size && digest(file)? == photo.sha256 {
                    return Ok(Place::Held(path));
                }
            }
        }
    }
    anyhow::bail!("other files have its name: move them out of the way")
}

fn digest(mut file: std::fs::File) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        hash.update(bytes);
    }
    Ok(cloudalbum_domain::Sha256::new(hash.finalize().into()).to_string())
}

/// A name that stays in its folder, cut into stem and extension: it came from
/// whatever device uploaded the photo.
fn safe_name(name: &str) -> (String, String) {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .map(|c| {
            if c.is_control() || ":*?\"<>|".contains(c) {
                '_'
            } else {
                c
            }
        })
        .take(120)
        .collect();
    let clean = clean.trim_start_matches('.').trim().to_owned();
    match clean.rsplit_once('.') {
        _ if clean.is_empty() => ("photo".to_owned(), String::new()),
        Some((stem, extension)) if !stem.is_empty() => (stem.to_owned(), format!(".{extension}")),
        _ => (clean, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        let name = |text: &str| {
            let (stem, extension) = safe_name(text);
            format!("{stem}{extension}")
        };
        assert_eq!(name("IMG 1.JPG"), "IMG 1.JPG");
        assert_eq!(name("../../etc/passwd"), "passwd");
        assert_eq!(name("..\\..\\a.jpg"), "a.jpg");
        assert_eq!(name(".."), "photo");
        assert_eq!(name(".bashrc"), "bashrc");
        assert_eq!(name("a\u{0}b?.png"), "a_b_.png");
    }
}
