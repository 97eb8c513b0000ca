//! `/v1/ops/recipes`: what is made of every photo, and making it of those that
//! were made by another recipe.

use axum::Json;
use axum::extract::State;
use cloudalbum_aws::table::TransitionError;
use cloudalbum_domain::wire::{AppliedRecipe, ApplyRecipe, RecipeView, SizeView};
use cloudalbum_domain::{OriginalKey, OwnerId, Photo, PhotoId, Progress, Recipe, State as Life};
use serde::{Deserialize, Serialize};

use super::audit;
use crate::photos::{seal, unseal};
use crate::uploads::now;
use crate::{App, Caller, Problem};

/// How many records one call looks at.
const AT_ONCE: u16 = 100;

/// Where a walk over all records goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    owner: OwnerId,
    photo: PhotoId,
}

/// The recipe of now and how many photos follow it. All records are read.
#[utoipa::path(
    get, path = "/v1/ops/recipes",
    responses((status = 200, body = RecipeView), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<RecipeView>, Problem> {
    caller.require_operator()?;
    let mut view = view(&app.settings.recipe);
    let read = app.table.census(|photo| count(&photo, &mut view)).await;
    read.map_err(|error| Problem::unavailable(&error))?;
    Ok(Json(view))
}

/// Sends the stale photos of a page of records to the thumbnail-worker; they
/// are shown as they are until it is done. With `dry_run` it only counts them.
#[utoipa::path(
    post, path = "/v1/ops/recipes", request_body = ApplyRecipe,
    responses((status = 200, body = AppliedRecipe), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn apply(
    State(app): State<App>,
    caller: Caller,
    Json(order): Json<ApplyRecipe>,
) -> Result<Json<AppliedRecipe>, Problem> {
    caller.require_operator()?;
    let place: Option<Place> = order.cursor.as_deref().map(unseal).transpose()?;
    let after = place.map(|Place { owner, photo }| OriginalKey { owner, photo });
    let version = app.settings.recipe.version();
    let page = app.table.some(after.as_ref(), AT_ONCE).await;
    let (photos, next) = page.map_err(|error| Problem::unavailable(&error))?;
    let looked_at = u64::try_from(photos.len()).unwrap_or(u64::MAX);
    let stale: Vec<Photo> = photos
        .into_iter()
        .filter(|photo| photo.is_stale(version))
        .collect();
    let enqueued = if order.dry_run || stale.is_empty() {
        u64::try_from(stale.len()).unwrap_or(u64::MAX)
    } else {
        let target = format!("recipe {version}");
        let audit = audit::begin(&app, &caller, "apply_recipe", target).await?;
        let enqueued = remake(&app, stale, version).await?;
        audit::finish(&app, audit, enqueued).await?;
        enqueued
    };
    let next = next.map(|OriginalKey { owner, photo }| Place { owner, photo });
    Ok(Json(AppliedRecipe {
        looked_at,
        enqueued,
        cursor: next.as_ref().map(seal),
    }))
}

/// When the messages cannot be sent, the records wait and the reconciler sends
/// them.
async fn remake(app: &App, stale: Vec<Photo>, version: u32) -> Result<u64, Problem> {
    let mut waiting = Vec::with_capacity(stale.len());
    for photo in stale {
        let next = |photo: &Photo| photo.remake(version, now());
        match app.table.transition_from(photo, next).await {
            Ok(photo) => waiting.push(photo),
            Err(TransitionError::Refused(_) | TransitionError::Unknown) => {}
            Err(TransitionError::Table(error)) => return Err(Problem::unavailable(&error)),
        }
    }
    let sent = app.requeue.send(&waiting).await;
    sent.map_err(|error| Problem::unavailable(&error))?;
    Ok(u64::try_from(waiting.len()).unwrap_or(u64::MAX))
}

fn view(recipe: &Recipe) -> RecipeView {
    let size = |size: &cloudalbum_domain::Size| SizeView {
        name: size.name.to_owned(),
        max_width: size.max_width,
        max_height: size.max_height,
    };
    RecipeView {
        version: recipe.version(),
        format: recipe.format,
        quality: recipe.quality,
        sizes: recipe.sizes.iter().map(size).collect(),
        current: 0,
        stale: 0,
        waiting: 0,
        failed: 0,
    }
}

fn count(photo: &Photo, view: &mut RecipeView) {
    if photo.state != Life::Live {
        return;
    }
    let kept = photo.thumbnails.last.is_some();
    match &photo.thumbnails.progress {
        Progress::Done { result, .. } if result.recipe == view.version => view.current += 1,
        Progress::Done { .. } => view.stale += 1,
        Progress::Pending { .. } if kept => view.waiting += 1,
        Progress::Failed { .. } if kept => view.failed += 1,
        Progress::Pending { .. } | Progress::Failed { .. } => {}
    }
}
