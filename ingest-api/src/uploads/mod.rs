//! `/v1/uploads`: a manifest in, one answer an entry out; and uploads in parts.

mod answer;
mod check;
mod grant;
pub(crate) mod parts;
mod rate;

use axum::Json;
use axum::extract::State;
use cloudalbum_aws::bucket::BucketError;
use cloudalbum_aws::table::TableError;
use cloudalbum_domain::NewPhoto;
use cloudalbum_domain::wire::{Manifest, ManifestAnswer, Refusal};
use http::StatusCode;
use jiff::Timestamp;

pub(crate) use parts::{complete, give_up, held, sign};
pub(crate) use rate::RateLimit;

use crate::{App, Caller, Problem};

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
) -> Result<(Option<RateLimit>, Json<ManifestAnswer>), Problem> {
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
        .map(|entry| check::check(&app, &caller.owner, entry))
        .collect();
    let wanted: Vec<&NewPhoto> = checked.iter().flatten().collect();
    let records = grant::grant(&app, &caller.owner, &wanted, now).await?;
    let (rate_limit, photos) = answer::answer(&app, &caller.owner, checked, &records, now).await?;
    Ok((rate_limit, Json(ManifestAnswer { photos })))
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
    #[error("cannot change the record of a photo that was sent again")]
    Transition(#[source] cloudalbum_aws::table::TransitionError),
    #[error("too many URLs a minute")]
    TooMany(RateLimit),
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::TooMany(rate_limit) => Self::too_many(rate_limit),
            error => Self::unavailable(&error),
        }
    }
}
