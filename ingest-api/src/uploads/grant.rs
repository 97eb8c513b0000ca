//! Records for what a manifest names, as far as the owner's quota goes.

use std::collections::{HashMap, HashSet};

use cloudalbum_aws::table::Usage;
use cloudalbum_domain::{NewPhoto, OwnerId, Photo, PhotoId, State as Life};
use jiff::Timestamp;

use super::UploadError;
use crate::{App, observe};

/// The record of each entry, written where there was none and quota allows.
pub(super) async fn grant(
    app: &App,
    owner: &OwnerId,
    wanted: &[&NewPhoto],
    now: Timestamp,
) -> Result<HashMap<PhotoId, Photo>, UploadError> {
    let ids = wanted.iter().map(|new| PhotoId::derive(owner, &new.sha256));
    let mut records = app.table.get_many(owner, ids).await?;
    let mut fresh: Vec<Photo> = Vec::new();
    let mut named = HashSet::new();
    for new in wanted {
        let photo = NewPhoto::clone(new).pending(now);
        let known = records
            .get(&photo.id)
            .is_some_and(|record| record.state != Life::Deleted);
        if !known && named.insert(photo.id) {
            fresh.push(photo);
        }
    }
    let granted = reserve(app, owner, fresh).await?;
    let (replacing, new): (Vec<Photo>, Vec<Photo>) = granted
        .into_iter()
        .partition(|photo| records.contains_key(&photo.id));
    let granting = observe::granting(&new);
    let taken = app.table.insert(&new).await?;
    drop(granting);
    // Somebody else granted these at the same time, and reserved for them, too.
    app.table
        .release(
            owner,
            usage(new.iter().filter(|photo| taken.contains(&photo.id))),
        )
        .await?;
    records.extend(app.table.get_many(owner, taken.iter().copied()).await?);
    records.extend(
        new.into_iter()
            .filter(|photo| !taken.contains(&photo.id))
            .map(|photo| (photo.id, photo)),
    );
    for photo in replacing {
        let Some(tombstone) = records.get(&photo.id) else {
            continue;
        };
        if app.table.replace(tombstone, &photo).await? {
            records.insert(photo.id, photo);
        } else {
            app.table.release(owner, usage([&photo])).await?;
        }
    }
    Ok(records)
}

/// Reserves quota for as many of `photos` as fit, in their order.
async fn reserve(
    app: &App,
    owner: &OwnerId,
    mut photos: Vec<Photo>,
) -> Result<Vec<Photo>, UploadError> {
    let limit = Usage {
        bytes: app.settings.quota_bytes,
        photos: app.settings.quota_photos,
    };
    while !photos.is_empty() {
        if app.table.reserve(owner, usage(&photos), limit).await? {
            return Ok(photos);
        }
        let used = app.table.account(owner).await?.usage;
        let fits = fitting(&photos, used, limit).min(photos.len().saturating_sub(1));
        photos.truncate(fits);
    }
    Ok(photos)
}

/// How many of `photos` fit between `used` and `limit`.
fn fitting(photos: &[Photo], used: Usage, limit: Usage) -> usize {
    let mut bytes = used.bytes;
    let room = usize::try_from(limit.photos.saturating_sub(used.photos)).unwrap_or(usize::MAX);
    let fits = photos.iter().take(room).take_while(|photo| {
        bytes = bytes.saturating_add(photo.filesize);
        bytes <= limit.bytes
    });
    fits.count()
}

pub(super) fn usage<'a>(photos: impl IntoIterator<Item = &'a Photo>) -> Usage {
    photos
        .into_iter()
        .fold(Usage::default(), |sum, photo| Usage {
            bytes: sum.bytes.saturating_add(photo.filesize),
            photos: sum.photos + 1,
        })
}
