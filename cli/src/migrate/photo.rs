//! One photo on its way: its objects first, its record last.
//!
//! Whoever finds the record there knows that all of it is there, so that a move
//! that was broken off goes on and sends nothing twice.

use std::path::Path;

use anyhow::Context as _;
use cloudalbum_domain::Photo;

use super::Side;

/// What became of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It moved, or would have.
    Moved,
    /// It moved before, even if it was removed there since.
    There,
    /// It is gone, or never arrived.
    Nothing,
}

/// Carries `photo` over as `moved`, by way of `file`.
pub(super) async fn carry(
    from: &Side,
    to: &Side,
    photo: &Photo,
    moved: &Photo,
    file: &Path,
    dry_run: bool,
) -> anyhow::Result<Outcome> {
    if to.table.get(&moved.owner, moved.id).await?.is_some() {
        return Ok(Outcome::There);
    }
    if dry_run {
        return Ok(Outcome::Moved);
    }
    let carried = objects(from, to, photo, moved, file).await;
    if file.exists() {
        tokio::fs::remove_file(file)
            .await
            .context("cannot remove a file that was on its way")?;
    }
    carried?;
    Ok(if to.table.admit(moved).await? {
        Outcome::Moved
    } else {
        Outcome::There
    })
}

async fn objects(
    from: &Side,
    to: &Side,
    photo: &Photo,
    moved: &Photo,
    file: &Path,
) -> anyhow::Result<()> {
    for (here, there) in photo.renditions().iter().zip(moved.renditions()) {
        let fetched = from.bucket.fetch(&here.to_string(), file).await;
        fetched.context("cannot read a rendition")?;
        let stored = to.bucket.store_rendition(&there, file).await;
        stored.context("cannot store a rendition")?;
    }
    let key = photo.original().to_string();
    let length = from.bucket.fetch(&key, file).await;
    let length = length.context("cannot read the original")?;
    anyhow::ensure!(
        length == photo.filesize,
        "the original has {length} bytes, and not {}",
        photo.filesize
    );
    let key = moved.original();
    let (media_type, sha256) = (photo.content_type, &photo.sha256);
    let stored = to.bucket.store_original(&key, media_type, sha256, file);
    stored.await.context("cannot store the original")
}
