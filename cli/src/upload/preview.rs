//! The dry run: what an upload would send, and whether it fits.

use std::collections::HashSet;
use std::sync::Arc;

use cloudalbum_domain::wire::{Me, PhotoView};
use cloudalbum_domain::{OwnerId, PhotoId, Sha256, Status};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::files::{self, Candidate, Selection};
use crate::album;
use crate::api::{Api, ApiError};
use crate::terminal::Terminal;

const AT_ONCE: usize = 8;

/// What would be sent.
#[derive(Debug, Serialize)]
struct Preview {
    photos: usize,
    /// Photos with the bytes of another one of this run.
    duplicates: usize,
    already_there: usize,
    to_send: usize,
    bytes_to_send: u64,
    not_photos: usize,
    unreadable: usize,
    bytes_left: u64,
    photos_left: u64,
    fits: bool,
}

pub(crate) async fn show(
    api: &Arc<Api>,
    selection: Selection,
    json: bool,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let me: Me = api.get("/v1/me", &[]).await?;
    let owner: OwnerId = serde_json::from_value(me.id.into())?;
    let photos = selection.photos.len();
    let mut unreadable = selection.unreadable.len();
    let mut hashes = stream::iter(selection.photos).map(hashed).buffered(2);
    let mut seen = HashSet::new();
    let mut new = Vec::new();
    let mut duplicates = 0;
    while let Some((photo, digest)) = hashes.next().await {
        match digest {
            Ok(digest) if seen.insert(digest) => new.push((photo.size, digest)),
            Ok(_) => duplicates += 1,
            Err(_) => unreadable += 1,
        }
    }
    let different = new.len();
    let missing: Vec<u64> = stream::iter(new)
        .map(|(size, digest)| missing(api, PhotoId::derive(&owner, &digest), size))
        .buffered(AT_ONCE)
        .try_filter_map(async |size| Ok(size))
        .try_collect()
        .await?;
    let bytes_to_send = missing.iter().sum();
    let bytes_left = me.quota.bytes_limit.saturating_sub(me.quota.bytes_used);
    let photos_left = me.quota.photos_limit.saturating_sub(me.quota.photos_used);
    let preview = Preview {
        photos,
        duplicates,
        already_there: different - missing.len(),
        to_send: missing.len(),
        bytes_to_send,
        not_photos: selection.skipped.len(),
        unreadable,
        bytes_left,
        photos_left,
        fits: bytes_to_send <= bytes_left && missing.len() as u64 <= photos_left,
    };
    if json {
        return terminal.json(&preview);
    }
    terminal.line(format_args!(
        "{} photos: {} to send ({} bytes), {} already there, {} the same as another; {} not photos, {} unreadable",
        preview.photos,
        preview.to_send,
        preview.bytes_to_send,
        preview.already_there,
        preview.duplicates,
        preview.not_photos,
        preview.unreadable,
    ));
    let verdict = if preview.fits {
        "it fits"
    } else {
        "it does not fit"
    };
    terminal.line(format_args!(
        "{verdict}: there is room for {photos_left} photos and {bytes_left} bytes"
    ));
    Ok(())
}

async fn hashed(photo: Candidate) -> (Candidate, std::io::Result<Sha256>) {
    let path = photo.path.clone();
    let size = photo.size;
    let digest = tokio::task::spawn_blocking(move || files::hash(&path, 0, size)).await;
    let digest = digest.map_err(std::io::Error::other).flatten();
    (photo, digest)
}

/// The bytes to send for a photo, or `None` when the album has it.
async fn missing(api: &Api, id: PhotoId, size: u64) -> Result<Option<u64>, ApiError> {
    let found: Result<PhotoView, _> = api.get(&album::path(&id.to_string(), ""), &[]).await;
    match found {
        Ok(photo) if photo.status == Status::Pending => Ok(Some(size)),
        Ok(_) => Ok(None),
        Err(error) if error.is_not_found() => Ok(Some(size)),
        Err(error) => Err(error),
    }
}
