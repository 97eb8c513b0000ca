//! `/v1/ops/photos`: the photos behind a number of the board.

use axum::Json;
use axum::extract::{Query, State};
use cloudalbum_domain::wire::{StandingPhoto, StandingPhotos};
use cloudalbum_domain::{Facet, FailureCode, Photo, Progress, Stage, State as Life, Status};
use serde::Deserialize;

use crate::{App, Caller, Problem};

/// How many are told.
const MOST: usize = 200;

/// Which photos: all that is given must hold.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Where they stand: `pending`, `processing`, `ready`, `failed`, `trashed`.
    status: Option<Status>,
    /// Which stage has not finished them.
    unfinished: Option<Stage>,
    /// With which code one of their stages failed.
    code: Option<FailureCode>,
}

/// The photos behind a number, the oldest first.
#[utoipa::path(
    get, path = "/v1/ops/photos", params(Which),
    responses((status = 200, body = StandingPhotos), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<StandingPhotos>, Problem> {
    caller.require_operator()?;
    let mut found: Vec<Photo> = Vec::new();
    let mut total = 0;
    let seen = app.table.census(|photo| {
        if !which.holds(&photo) {
            return;
        }
        total += 1;
        found.push(photo);
        if found.len() >= MOST * 2 {
            oldest(&mut found);
        }
    });
    seen.await.map_err(|error| Problem::unavailable(&error))?;
    oldest(&mut found);
    let photos = found.iter().map(view).collect();
    Ok(Json(StandingPhotos { photos, total }))
}

impl Which {
    fn holds(&self, photo: &Photo) -> bool {
        let unfinished = |stage| match stage {
            Stage::Thumbnails => photo.thumbnails.pending_since().is_some(),
            Stage::Metadata => photo.metadata.pending_since().is_some(),
        };
        let failed = |code| {
            let codes = [
                photo.thumbnails.failure().map(|(failure, ..)| failure.code),
                photo.metadata.failure().map(|(failure, ..)| failure.code),
            ];
            codes.contains(&Some(code))
        };
        photo.state != Life::Deleted
            && self.status.is_none_or(|status| photo.status() == status)
            && self
                .unfinished
                .is_none_or(|stage| photo.state == Life::Live && unfinished(stage))
            && self
                .code
                .is_none_or(|code| photo.state == Life::Live && failed(code))
    }
}

fn oldest(found: &mut Vec<Photo>) {
    found.sort_by_key(|photo| photo.upload_date);
    found.truncate(MOST);
}

fn view(photo: &Photo) -> StandingPhoto {
    StandingPhoto {
        photo: format!("{}/{}", photo.owner, photo.id),
        granted_at: photo.upload_date,
        thumbnails: progress(&photo.thumbnails),
        metadata: progress(&photo.metadata),
        attempts: photo.thumbnails_attempts + photo.metadata_attempts,
        trace_id: photo.trace_context.xray_id(),
    }
}

fn progress<T>(facet: &Facet<T>) -> String {
    match &facet.progress {
        Progress::Pending { .. } => "pending".to_owned(),
        Progress::Done { .. } => "done".to_owned(),
        Progress::Failed { failure, .. } => format!("failed: {}", failure.code),
    }
}
