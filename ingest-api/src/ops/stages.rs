//! `/v1/ops/stages`: pausing a stage and letting it go on. Its messages wait.

use axum::Json;
use axum::extract::{Path, State};
use cloudalbum_aws::mapping::Mapping;
use cloudalbum_aws::table::Pause;
use cloudalbum_domain::Stage;
use cloudalbum_domain::wire::{StageView, Stages};

use super::{audit, stage};
use crate::uploads::now;
use crate::{App, Caller, Problem};

/// Which stages are paused.
#[utoipa::path(
    get, path = "/v1/ops/stages",
    responses((status = 200, body = Stages), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Stages>, Problem> {
    caller.require_operator()?;
    Ok(Json(read(&app).await?))
}

/// Pauses a stage: within seconds it takes no message any more.
#[utoipa::path(
    post, path = "/v1/ops/stages/{stage}/pause", params(("stage" = String, Path)),
    responses((status = 200, body = Stages), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn pause(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Stages>, Problem> {
    caller.require_operator()?;
    let stage = stage(&name)?;
    let mapping = mapping(&app, stage)?;
    let audit = audit::begin(&app, &caller, "pause", name).await?;
    let switched = mapping.switch(false).await;
    switched.map_err(|error| Problem::unavailable(&error))?;
    let pause = Pause {
        stage,
        by: caller.username.clone(),
        at: now(),
    };
    let paused = app.table.pause(&pause).await;
    paused.map_err(|error| Problem::unavailable(&error))?;
    audit::finish(&app, audit, 1).await?;
    Ok(Json(read(&app).await?))
}

/// Lets a stage go on with the messages that waited.
#[utoipa::path(
    post, path = "/v1/ops/stages/{stage}/resume", params(("stage" = String, Path)),
    responses((status = 200, body = Stages), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Stages>, Problem> {
    caller.require_operator()?;
    let stage = stage(&name)?;
    let mapping = mapping(&app, stage)?;
    let audit = audit::begin(&app, &caller, "resume", name).await?;
    let switched = mapping.switch(true).await;
    switched.map_err(|error| Problem::unavailable(&error))?;
    let resumed = app.table.resume(stage).await;
    resumed.map_err(|error| Problem::unavailable(&error))?;
    audit::finish(&app, audit, 1).await?;
    Ok(Json(read(&app).await?))
}

/// Switched before it is written down: what stands there has happened.
fn mapping(app: &App, stage: Stage) -> Result<&Mapping, Problem> {
    let mapping = match stage {
        Stage::Thumbnails => &app.thumbnails_mapping,
        Stage::Metadata => &app.metadata_mapping,
    };
    mapping.as_ref().ok_or_else(Problem::not_found)
}

async fn read(app: &App) -> Result<Stages, Problem> {
    let paused = app.table.paused().await;
    let paused = paused.map_err(|error| Problem::unavailable(&error))?;
    let view = |stage: Stage| {
        let pause = paused.iter().find(|pause| pause.stage == stage);
        StageView {
            stage,
            paused: pause.is_some(),
            paused_by: pause.map(|pause| pause.by.clone()),
            paused_at: pause.map(|pause| pause.at),
        }
    };
    Ok(Stages {
        stages: Stage::ALL.into_iter().map(view).collect(),
    })
}
