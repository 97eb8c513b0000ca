//! A body on its way in: written to disk under a name of its own, and gone again unless it is kept.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::StreamingBlob;
use s3s::{S3Result, TrailingHeaders, s3_error};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::checksum::{Checksums, Promised, etag};
use super::internal;

/// S3's limit for one PUT, in bytes.
const LARGEST: u64 = 5 << 30;

/// A complete file in the staging folder, flushed to the disk.
///
/// Dropping it removes the staging name. Keeping it means giving the file a
/// second name first, with [`Staged::link`].
#[derive(Debug)]
pub(super) struct Staged {
    path: PathBuf,
    pub(super) blob: String,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) checksums: Checksums,
}

impl Staged {
    fn empty(folder: &Path) -> Self {
        let blob = Uuid::new_v4().simple().to_string();
        Self {
            path: folder.join(&blob),
            blob,
            size: 0,
            etag: String::new(),
            checksums: Checksums::default(),
        }
    }

    /// Streams `body` into `folder` and checks it against what was promised.
    pub(super) async fn receive(
        folder: &Path,
        body: Option<StreamingBlob>,
        promised: Promised,
        trailers: Option<TrailingHeaders>,
    ) -> S3Result<Self> {
        let mut staged = Self::empty(folder);
        let mut file = tokio::fs::File::create_new(&staged.path)
            .await
            .map_err(internal)?;
        let mut hasher = promised.hasher();
        let mut md5 = (hasher.sha256.is_none() || promised.md5.is_some()).then(Md5::new);
        if let Some(mut body) = body {
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(|error| broken_body(&error))?;
                staged.size += chunk.len() as u64;
                if staged.size > LARGEST {
                    return Err(s3_error!(EntityTooLarge));
                }
                if let Some(md5) = &mut md5 {
                    md5.update(&chunk);
                }
                hasher.update(&chunk);
                file.write_all(&chunk).await.map_err(internal)?;
            }
        }
        let md5 = md5.map(Md5::finalize);
        let found = Checksums::from(hasher.finalize());
        let trailers = trailers.and_then(|trailers| trailers.take());
        promised.check(md5.as_ref(), &found, trailers.as_ref())?;
        file.flush().await.map_err(internal)?;
        file.sync_all().await.map_err(internal)?;
        staged.etag = etag(md5.as_ref(), &found);
        staged.checksums = found;
        Ok(staged)
    }

    /// Joins stored blobs into one staged file. Blocks; the kernel does the copying.
    pub(super) fn join(folder: &Path, parts: &[PathBuf]) -> io::Result<Self> {
        let mut staged = Self::empty(folder);
        let mut file = File::create_new(&staged.path)?;
        for part in parts {
            staged.size += io::copy(&mut File::open(part)?, &mut file)?;
        }
        file.sync_all()?;
        Ok(staged)
    }

    /// Gives the file its lasting name in `blobs`. Blocks.
    pub(super) fn link(&self, blobs: &Path) -> io::Result<PathBuf> {
        let path = blobs.join(&self.blob);
        std::fs::hard_link(&self.path, &path)?;
        File::open(blobs)?.sync_all()?;
        Ok(path)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "cannot remove a staged file; the next start will");
        }
    }
}

/// The client's fault, unless the body's own hash was wrong, which `s3s` reports as a read error.
fn broken_body(error: &s3s::StdError) -> s3s::S3Error {
    tracing::debug!(%error, "a body broke off");
    let text = error.to_string().to_ascii_lowercase();
    if text.contains("mismatch") {
        s3_error!(BadDigest, "the body does not match its signed hash")
    } else {
        s3_error!(IncompleteBody)
    }
}
