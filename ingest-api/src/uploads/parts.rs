//! `/v1/uploads/{id}`: large files in parts, each bound to its own hash.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use cloudalbum_aws::bucket::{HeldPart, Joined};
use cloudalbum_aws::signer::PartToSign;
use cloudalbum_aws::table::{TransitionError, Usage};
use cloudalbum_domain::wire::{
    Completed, HeldParts, PartSpec, PartsRequest, SignedPart, SignedParts,
};
use cloudalbum_domain::{OwnerId, Photo, Refused, Sha256, State as Life, Status};
use http::StatusCode;
use jiff::Timestamp;

use super::rate::{self, RateLimit};
use super::{UploadError, now};
use crate::photos::{parse, problem};
use crate::{App, Caller, Problem};

/// How many parts are signed a call.
const MOST: usize = 100;
/// The parts' size, in bytes, as long as a file has no more than S3's 10,000.
const USUAL: u64 = 8 << 20;
const MOST_PARTS: u64 = 10_000;

/// The parts that need not be sent again.
#[utoipa::path(
    get, path = "/v1/uploads/{id}/parts", params(("id" = String, Path)),
    responses((status = 200, body = HeldParts), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn held(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<HeldParts>, Problem> {
    let photo = pending(&app, &caller.owner, &id).await?;
    let parts = listed(&app, &photo).await?.unwrap_or_default();
    let part = |(number, part): (u32, HeldPart)| PartSpec {
        number,
        sha256: part.sha256.to_string(),
        size: part.size,
    };
    Ok(Json(HeldParts {
        part_size: size(photo.filesize),
        parts: parts.into_iter().map(part).collect(),
    }))
}

/// Signs parts; those that are held are left out.
#[utoipa::path(
    post, path = "/v1/uploads/{id}/parts", params(("id" = String, Path)), request_body = PartsRequest,
    responses((status = 200, body = SignedParts), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn sign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<PartsRequest>,
) -> Result<(Option<RateLimit>, Json<SignedParts>), Problem> {
    let photo = pending(&app, &caller.owner, &id).await?;
    let wanted = check(&photo, &request)?;
    let (photo, held) = match listed(&app, &photo).await? {
        Some(held) => (photo, held),
        None => (begin(&app, photo).await?, BTreeMap::new()),
    };
    let upload = photo.multipart.as_deref().unwrap_or_default();
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|part| {
            held.get(&part.number)
                .is_none_or(|held| held.sha256 != part.sha256)
        })
        .collect();
    let now = now();
    let urls = u64::try_from(missing.len()).unwrap_or(u64::MAX);
    if urls == 0 {
        return Ok((None, Json(SignedParts { parts: Vec::new() })));
    }
    let taken = rate::take(&app, &caller.owner, urls, urls, now).await;
    let (granted, rate_limit) = taken.map_err(UploadError::from)?;
    if granted == 0 {
        return Err(Problem::too_many(rate_limit));
    }
    let key = photo.original();
    let mut parts = Vec::with_capacity(missing.len());
    for Wanted {
        number,
        size,
        sha256,
    } in &missing
    {
        let part = PartToSign {
            upload,
            number: *number,
            size: *size,
            sha256,
        };
        let life = app.settings.url_life;
        let put = app.signer.part(&key, &part, now, life).await;
        let put = put.map_err(UploadError::from)?;
        parts.push(SignedPart {
            number: *number,
            method: "PUT".to_owned(),
            url: put.url,
            headers: put.headers,
            expires_at: put.expires_at,
        });
    }
    Ok((Some(rate_limit), Json(SignedParts { parts })))
}

/// Makes the photo of its parts, create-only. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/v1/uploads/{id}/complete", params(("id" = String, Path)),
    responses((status = 200, body = Completed), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn complete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Completed>, Problem> {
    let photo = live(&app, &caller.owner, &id).await?;
    let completed = |state| {
        let photo_id = photo.id.to_string();
        Ok(Json(Completed { photo_id, state }))
    };
    if photo.status() != Status::Pending {
        return completed(photo.status());
    }
    let Some(upload) = photo.multipart.as_deref() else {
        let arrived = object_is_there(&app, &photo).await?;
        return if arrived {
            completed(Status::Processing)
        } else {
            Err(missing(&photo, &BTreeMap::new()))
        };
    };
    let key = photo.original();
    let parts = app.bucket.parts(&key, upload).await;
    let Some(parts) = parts.map_err(UploadError::from)? else {
        return if object_is_there(&app, &photo).await? {
            completed(Status::Processing)
        } else {
            Err(missing(&photo, &BTreeMap::new()))
        };
    };
    let whole = expected(photo.filesize)
        .all(|(number, size)| parts.get(&number).is_some_and(|part| part.size == size));
    if !whole {
        return Err(missing(&photo, &parts));
    }
    let joined = app.bucket.join_parts(&key, upload, &parts).await;
    match joined.map_err(UploadError::from)? {
        Joined::Created => completed(Status::Processing),
        Joined::AlreadyThere => {
            let aborted = app.bucket.abort_parts(&key, upload).await;
            aborted.map_err(UploadError::from)?;
            completed(Status::Processing)
        }
        Joined::UnknownUpload if object_is_there(&app, &photo).await? => {
            completed(Status::Processing)
        }
        Joined::UnknownUpload | Joined::PartMissing => Err(missing(&photo, &BTreeMap::new())),
        Joined::Conflict => {
            let title = "another call is completing this upload";
            let conflict = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title);
            Err(conflict.with_detail("try again").retry_after(1))
        }
    }
}

/// Gives up an upload that has not arrived, in parts or whole, and returns its
/// quota.
#[utoipa::path(
    delete, path = "/v1/uploads/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn give_up(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let photo = pending(&app, &caller.owner, &id).await?;
    if object_is_there(&app, &photo).await? {
        return Err(already_stored());
    }
    let given_up = app
        .table
        .transition_from(photo, |photo| photo.give_up(now()))
        .await;
    let photo = given_up.map_err(|error| match error {
        TransitionError::Refused(Refused::Stale) => already_stored(),
        error => problem(error),
    })?;
    if let Some(upload) = &photo.multipart {
        let aborted = app.bucket.abort_parts(&photo.original(), upload).await;
        aborted.map_err(UploadError::from)?;
    }
    let usage = Usage {
        bytes: photo.filesize,
        photos: 1,
    };
    let buried = app
        .table
        .transition_from(photo, |photo| photo.bury(now()))
        .await;
    buried.map_err(problem)?;
    let released = app.table.release(&caller.owner, usage).await;
    released.map_err(UploadError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The size of a file's parts: the usual one, or the least number of MiB that
/// keeps the parts within S3's count.
pub(super) fn size(filesize: u64) -> u64 {
    let least = filesize.div_ceil(MOST_PARTS).next_multiple_of(1 << 20);
    least.max(USUAL)
}

/// The number and size of each part of a file.
fn expected(filesize: u64) -> impl Iterator<Item = (u32, u64)> {
    let size = size(filesize);
    (1..)
        .zip(0..filesize.div_ceil(size))
        .map(move |(number, before)| {
            let left = filesize - before * size;
            (number, left.min(size))
        })
}

#[derive(Debug)]
struct Wanted {
    number: u32,
    size: u64,
    sha256: Sha256,
}

/// Parses what parts to sign: parts of this file, each once.
fn check(photo: &Photo, request: &PartsRequest) -> Result<Vec<Wanted>, Problem> {
    let invalid = |detail: String| {
        let title = "the parts make no sense";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_parts", title).with_detail(detail)
    };
    if request.parts.is_empty() || request.parts.len() > MOST {
        return Err(invalid(format!("ask for 1 to {MOST} parts a call")));
    }
    let sizes: BTreeMap<u32, u64> = expected(photo.filesize).collect();
    let mut wanted: Vec<Wanted> = Vec::with_capacity(request.parts.len());
    for PartSpec {
        number,
        sha256,
        size,
    } in &request.parts
    {
        let Some(right) = sizes.get(number) else {
            return Err(invalid(format!("the file has parts 1 to {}", sizes.len())));
        };
        if size != right {
            return Err(invalid(format!("part {number} has {right} bytes")));
        }
        if wanted.iter().any(|part| part.number == *number) {
            return Err(invalid(format!("part {number} is named twice")));
        }
        let sha256 = sha256
            .parse()
            .map_err(|error| invalid(format!("part {number}: {error}")))?;
        wanted.push(Wanted {
            number: *number,
            size: *size,
            sha256,
        });
    }
    Ok(wanted)
}

/// The caller's record, if its photo is live.
async fn live(app: &App, owner: &OwnerId, id: &str) -> Result<Photo, Problem> {
    let photo = app.table.get(owner, parse(id)?).await;
    let photo = photo.map_err(|error| Problem::unavailable(&error))?;
    photo
        .filter(|photo| photo.state == Life::Live)
        .ok_or_else(Problem::not_found)
}

/// The caller's record, if its bytes have not been seen yet.
async fn pending(app: &App, owner: &OwnerId, id: &str) -> Result<Photo, Problem> {
    let photo = live(app, owner, id).await?;
    match photo.status() {
        Status::Pending => Ok(photo),
        _ => Err(already_stored()),
    }
}

/// The parts that S3 holds, or `None` when no upload was begun. An upload that
/// S3 does not know any more is forgotten, unless it became the photo.
async fn listed(app: &App, photo: &Photo) -> Result<Option<BTreeMap<u32, HeldPart>>, Problem> {
    let Some(upload) = photo.multipart.as_deref() else {
        return Ok(None);
    };
    let parts = app.bucket.parts(&photo.original(), upload).await;
    if let Some(parts) = parts.map_err(UploadError::from)? {
        return Ok(Some(parts));
    }
    if object_is_there(app, photo).await? {
        return Err(already_stored());
    }
    Ok(None)
}

/// Begins an upload at S3 in the place of the one that the record names, if it
/// does. Of several that are begun at once, the first one committed stays.
async fn begin(app: &App, photo: Photo) -> Result<Photo, Problem> {
    let (key, now) = (photo.original(), now());
    let gone = photo.multipart.clone();
    let begun = app.bucket.begin_parts(&key, photo.content_type).await;
    let upload = begun.map_err(UploadError::from)?;
    let committed = app
        .table
        .transition_from(photo, |photo| {
            begun_at(photo, gone.as_deref(), &upload, now)
        })
        .await;
    match committed {
        Ok(photo) => Ok(photo),
        Err(error) => {
            let aborted = app.bucket.abort_parts(&key, &upload).await;
            aborted.map_err(UploadError::from)?;
            match error {
                TransitionError::Refused(Refused::Unchanged) => {
                    live(app, &key.owner, &key.photo.to_string()).await
                }
                error => Err(problem(error)),
            }
        }
    }
}

fn begun_at(
    photo: &Photo,
    gone: Option<&str>,
    upload: &str,
    now: Timestamp,
) -> Result<Photo, Refused> {
    match gone {
        Some(gone) => photo.forget_parts(gone, now)?.begin_parts(upload, now),
        None => photo.begin_parts(upload, now),
    }
}

async fn object_is_there(app: &App, photo: &Photo) -> Result<bool, Problem> {
    let head = app.bucket.head(&photo.original().to_string()).await;
    Ok(head.map_err(UploadError::from)?.is_some())
}

fn already_stored() -> Problem {
    let title = "the bytes of this photo have arrived";
    Problem::new(StatusCode::CONFLICT, "already_stored", title)
        .with_detail("post the manifest again to see its state")
}

fn missing(photo: &Photo, held: &BTreeMap<u32, HeldPart>) -> Problem {
    let missing: Vec<String> = expected(photo.filesize)
        .filter(|(number, size)| held.get(number).is_none_or(|part| part.size != *size))
        .map(|(number, _)| number.to_string())
        .take(20)
        .collect();
    let title = "parts are missing";
    Problem::new(StatusCode::CONFLICT, "parts_missing", title).with_detail(format!(
        "ask for URLs for the parts that are not held, such as {}",
        missing.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file_and_stay_within_s3s_count() {
        for filesize in [1, USUAL, USUAL + 1, 200 << 20, 5 << 40] {
            let parts: Vec<_> = expected(filesize).collect();
            assert_eq!(parts.iter().map(|part| part.1).sum::<u64>(), filesize);
            assert!(parts.len() as u64 <= MOST_PARTS, "{filesize}");
            let whole = parts
                .iter()
                .rev()
                .skip(1)
                .all(|part| part.1 == size(filesize));
            assert!(whole, "only the last part is smaller");
        }
    }
}
