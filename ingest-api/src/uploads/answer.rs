//! What is left to do for each entry: send it, nothing, or come back.

use std::collections::HashMap;

use cloudalbum_domain::wire::{EntryAnswer, Multipart, Refusal, Upload};
use cloudalbum_domain::{NewPhoto, OwnerId, Photo, PhotoId, State as Life, Status};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::rate::{self, RateLimit};
use super::{UploadError, parts};
use crate::App;

/// How many objects are asked about at a time.
const IN_FLIGHT: usize = 16;

/// Answers every entry, in order, and tells the rate if URLs were minted.
///
/// Entries beyond the owner's URLs of this minute are told to come back; when
/// not one URL is left and nothing else can be told, all are.
pub(super) async fn answer(
    app: &App,
    owner: &OwnerId,
    checked: Vec<Result<NewPhoto, Refusal>>,
    records: &HashMap<PhotoId, Photo>,
    now: Timestamp,
) -> Result<(Option<RateLimit>, Vec<EntryAnswer>), UploadError> {
    let next: Vec<Next> = stream::iter(checked)
        .map(|entry| async move {
            match entry {
                Ok(new) => next(app, &new, records, now).await,
                Err(error) => Ok(Next::Told(EntryAnswer::Refused { error })),
            }
        })
        .buffered(IN_FLIGHT)
        .try_collect()
        .await?;
    let urls = next.iter().filter(|next| matches!(next, Next::Sign(_)));
    let urls = u64::try_from(urls.count()).unwrap_or(u64::MAX);
    let (mut granted, rate_limit) = if urls == 0 {
        (0, None)
    } else {
        let (granted, rate_limit) = rate::take(app, owner, 1, urls, now).await?;
        if granted == 0 && urls == u64::try_from(next.len()).unwrap_or(u64::MAX) {
            return Err(UploadError::TooMany(rate_limit));
        }
        (granted, Some(rate_limit))
    };
    let retry_after = rate_limit.map_or(1, |rate_limit| rate_limit.resets_in);
    let mut answers = Vec::with_capacity(next.len());
    for next in next {
        answers.push(match next {
            Next::Told(answer) => answer,
            Next::Sign(photo) if granted > 0 => {
                granted -= 1;
                sign(app, &photo, now).await?
            }
            Next::Sign(photo) => later(
                &photo.id,
                "rate_limited",
                "too many upload URLs were asked for: post it again later",
                retry_after,
            ),
        });
    }
    Ok((rate_limit, answers))
}

enum Next {
    /// That is all.
    Told(EntryAnswer),
    /// A URL is to be minted for this record.
    Sign(Box<Photo>),
}

/// An upload that was granted within this needs no new grant. Far shorter than
/// the time after which it expires.
const FRESH: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

async fn next(
    app: &App,
    new: &NewPhoto,
    records: &HashMap<PhotoId, Photo>,
    now: Timestamp,
) -> Result<Next, UploadError> {
    let id = PhotoId::derive(&new.owner, &new.sha256);
    let Some(record) = records.get(&id) else {
        let detail = "your storage is full: delete photos, or ask for more";
        let error = Refusal {
            code: "quota_exceeded".to_owned(),
            detail: detail.to_owned(),
        };
        return Ok(Next::Told(EntryAnswer::Refused { error }));
    };
    let record = match record.state {
        Life::Deleting | Life::Deleted => {
            let detail = "the photo is being deleted: send it again in a moment";
            return Ok(Next::Told(later(&id, "deleting", detail, 30)));
        }
        // Sending a photo again takes it out of the trash.
        Life::Trashed => {
            let restored = app
                .table
                .transition_from(record.clone(), |photo| photo.restore(now))
                .await;
            restored.map_err(UploadError::Transition)?
        }
        Life::Live => record.clone(),
    };
    if record.needs_bytes() {
        return Ok(to_send(app, &await_bytes(app, record, now).await?));
    }
    if record.status() != Status::Pending {
        return Ok(Next::Told(stored(&id, record.status())));
    }
    // A fresh record cannot have an object; for an older one the bytes may
    // have arrived without their event being worked on yet.
    let key = record.original().to_string();
    if record.upload_date != now && app.bucket.head(&key).await?.is_some() {
        return Ok(Next::Told(stored(&id, Status::Processing)));
    }
    Ok(to_send(app, &regrant(app, record, now).await?))
}

/// Lets an upload that was granted a while ago wait anew, so that it does not
/// expire while the URL that is handed out now still works.
async fn regrant(app: &App, record: Photo, now: Timestamp) -> Result<Photo, UploadError> {
    let fresh = |since: Timestamp| now.duration_since(since) < FRESH;
    if record.pending_since().is_none_or(fresh) {
        return Ok(record);
    }
    let renewed = app
        .table
        .transition_from(record, |photo| photo.regrant(now))
        .await;
    renewed.map_err(UploadError::Transition)
}

/// Clears the way for the right bytes. The record changes first: whoever fails
/// after that leaves an object that is found wrong again, and nothing is lost.
async fn await_bytes(app: &App, record: Photo, now: Timestamp) -> Result<Photo, UploadError> {
    let waiting = app
        .table
        .transition_from(record, |photo| photo.await_bytes(now))
        .await
        .map_err(UploadError::Transition)?;
    app.bucket.delete(&waiting.original().to_string()).await?;
    Ok(waiting)
}

fn to_send(app: &App, record: &Photo) -> Next {
    if record.filesize < app.settings.multipart_bytes {
        return Next::Sign(Box::new(record.clone()));
    }
    let part_size = parts::size(record.filesize);
    let multipart = Multipart { part_size };
    Next::Told(EntryAnswer::Upload {
        photo_id: record.id.to_string(),
        upload: Upload::Multipart { multipart },
    })
}

async fn sign(app: &App, record: &Photo, now: Timestamp) -> Result<EntryAnswer, UploadError> {
    let put = app
        .signer
        .put(
            &record.original(),
            &record.sha256,
            record.filesize,
            record.content_type,
            now,
            app.settings.url_life,
        )
        .await?;
    Ok(EntryAnswer::Upload {
        photo_id: record.id.to_string(),
        upload: Upload::Put {
            method: "PUT".to_owned(),
            url: put.url,
            headers: put.headers,
            expires_at: put.expires_at,
        },
    })
}

fn stored(id: &PhotoId, state: Status) -> EntryAnswer {
    EntryAnswer::Stored {
        photo_id: id.to_string(),
        state,
    }
}

fn later(id: &PhotoId, code: &str, detail: &str, retry_after: u32) -> EntryAnswer {
    EntryAnswer::Later {
        photo_id: Some(id.to_string()),
        error: Refusal {
            code: code.to_owned(),
            detail: detail.to_owned(),
        },
        retry_after,
    }
}
