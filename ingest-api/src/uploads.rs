//! `POST /v1/uploads`: a manifest in, one answer an entry out.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use cloudalbum_aws::bucket::BucketError;
use cloudalbum_aws::table::{TableError, Usage};
use cloudalbum_domain::wire::{
    EntryAnswer, Manifest, ManifestAnswer, ManifestEntry, Refusal, Upload,
};
use cloudalbum_domain::{
    MediaType, NewPhoto, OwnerId, Photo, PhotoId, Sha256, State as Life, Status, TraceContext,
};
use http::StatusCode;
use jiff::Timestamp;

use crate::{App, Caller, Problem, observe};

/// How many entries a manifest may have.
const MOST: usize = 1_000;

/// Grants uploads and tells what is there already.
///
/// Posting a manifest again, after a crash or from another device, creates
/// nothing new and answers what is left to do.
#[utoipa::path(
    post, path = "/v1/uploads", request_body = Manifest,
    responses((status = 200, body = ManifestAnswer), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(manifest): Json<Manifest>,
) -> Result<Json<ManifestAnswer>, Problem> {
    if manifest.photos.is_empty() || manifest.photos.len() > MOST {
        let title = "a manifest has 1 to 1,000 entries";
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "manifest_size", title)
                .with_detail("split the files over several manifests"),
        );
    }
    let now = now();
    let checked: Vec<Result<NewPhoto, Refusal>> = manifest
        .photos
        .into_iter()
        .map(|entry| check(&app, &caller.owner, entry))
        .collect();
    let records = grant(&app, &caller.owner, &checked, now).await?;
    let mut photos = Vec::with_capacity(checked.len());
    for entry in checked {
        photos.push(match entry {
            Ok(new) => answer(&app, &new, &records, now).await?,
            Err(error) => EntryAnswer::Refused { error },
        });
    }
    Ok(Json(ManifestAnswer { photos }))
}

/// The record of each entry, written where there was none and quota allows.
async fn grant(
    app: &App,
    owner: &OwnerId,
    checked: &[Result<NewPhoto, Refusal>],
    now: Timestamp,
) -> Result<HashMap<PhotoId, Photo>, UploadError> {
    let wanted: Vec<&NewPhoto> = checked.iter().flatten().collect();
    let ids = wanted.iter().map(|new| PhotoId::derive(owner, &new.sha256));
    let mut records = app.table.get_many(owner, ids).await?;
    let mut fresh: Vec<Photo> = Vec::new();
    let mut named = HashSet::new();
    for new in wanted {
        let photo = new.clone().pending(now);
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

fn usage<'a>(photos: impl IntoIterator<Item = &'a Photo>) -> Usage {
    photos
        .into_iter()
        .fold(Usage::default(), |sum, photo| Usage {
            bytes: sum.bytes.saturating_add(photo.filesize),
            photos: sum.photos + 1,
        })
}

async fn answer(
    app: &App,
    new: &NewPhoto,
    records: &HashMap<PhotoId, Photo>,
    now: Timestamp,
) -> Result<EntryAnswer, UploadError> {
    let id = PhotoId::derive(&new.owner, &new.sha256);
    let photo_id = id.to_string();
    let Some(record) = records.get(&id) else {
        let detail = "your storage is full: delete photos, or ask for more";
        let error = Refusal {
            code: "quota_exceeded".to_owned(),
            detail: detail.to_owned(),
        };
        return Ok(EntryAnswer::Refused { error });
    };
    match record.state {
        Life::Deleting | Life::Deleted => {
            let detail = "the photo is being deleted: send it again in a moment";
            let error = Refusal {
                code: "deleting".to_owned(),
                detail: detail.to_owned(),
            };
            return Ok(EntryAnswer::Later {
                photo_id: Some(photo_id),
                error,
                retry_after: 30,
            });
        }
        // Sending a photo again takes it out of the trash.
        Life::Trashed => match app
            .table
            .transition_from(record.clone(), |photo| photo.restore(now))
            .await
        {
            Ok(restored) => {
                return Ok(EntryAnswer::Stored {
                    photo_id,
                    state: restored.status(),
                });
            }
            Err(error) => return Err(UploadError::Restore(error)),
        },
        Life::Live => {}
    }
    if record.status() != Status::Pending {
        return Ok(EntryAnswer::Stored {
            photo_id,
            state: record.status(),
        });
    }
    // A fresh record cannot have an object; for an older one the bytes may
    // have arrived without their event being worked on yet.
    let key = record.original();
    if record.upload_date != now && app.bucket.head(&key.to_string()).await?.is_some() {
        return Ok(EntryAnswer::Stored {
            photo_id,
            state: Status::Processing,
        });
    }
    let life = app.settings.url_life;
    let put = app
        .bucket
        .presign_put(
            &key,
            &record.sha256,
            record.filesize,
            record.content_type,
            now,
            life,
        )
        .await?;
    let upload = Upload::Put {
        method: "PUT".to_owned(),
        url: put.url,
        headers: put.headers,
        expires_at: put.expires_at,
    };
    Ok(EntryAnswer::Upload { photo_id, upload })
}

/// Parses one entry, or says what is wrong with it.
fn check(app: &App, owner: &OwnerId, entry: ManifestEntry) -> Result<NewPhoto, Refusal> {
    let refuse = |code: &str, detail: String| Refusal {
        code: code.to_owned(),
        detail,
    };
    let text = |error: cloudalbum_domain::InvalidText| refuse("invalid_text", error.to_string());
    let content_type: MediaType =
        entry
            .content_type
            .parse()
            .map_err(|error: cloudalbum_domain::UnsupportedMediaType| {
                refuse("unsupported_media_type", error.to_string())
            })?;
    let sha256: Sha256 =
        entry
            .sha256
            .parse()
            .map_err(|error: cloudalbum_domain::ParseDigestError| {
                refuse("invalid_sha256", error.to_string())
            })?;
    let limit = app.settings.max_upload_bytes;
    if entry.size > limit {
        return Err(refuse(
            "too_large",
            format!(
                "the largest photo is {limit} bytes, this one has {}",
                entry.size
            ),
        ));
    }
    if entry.size == 0 {
        return Err(refuse("empty", "the file is empty".to_owned()));
    }
    Ok(NewPhoto {
        owner: owner.clone(),
        sha256,
        content_type,
        filesize: entry.size,
        filename: entry.filename.try_into().map_err(text)?,
        tags: entry.tags.try_into().map_err(text)?,
        description: entry
            .description
            .unwrap_or_default()
            .try_into()
            .map_err(text)?,
        modified_at: entry.modified_at,
        trace_context: mint()?.sampled_at(app.settings.telemetry.sample_ratio),
    })
}

/// A new trace for one photo. Its root span is emitted when the photo is done.
fn mint() -> Result<TraceContext, Refusal> {
    let mut random = [0; 20];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Refusal {
        code: "busy".to_owned(),
        detail: "no randomness to be had: try again".to_owned(),
    })?;
    let (id, span) = random.split_at(12);
    let seconds = u32::try_from(Timestamp::now().as_second()).unwrap_or(u32::MAX);
    let id = id.try_into().unwrap_or_default();
    Ok(TraceContext::mint(
        seconds,
        id,
        span.try_into().unwrap_or([1; 8]),
        true,
    ))
}

/// Now, to the millisecond, as records keep it.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Why a manifest could not be answered.
#[derive(Debug, thiserror::Error)]
enum UploadError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error("cannot restore a photo that was sent again")]
    Restore(#[source] cloudalbum_aws::table::TransitionError),
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        Self::unavailable(&error)
    }
}
