//! Whether the process is up, and whether what it needs answers.

use axum::extract::State;
use cloudalbum_domain::wire;
use jiff::Timestamp;

use crate::app::App;
use crate::problem::Problem;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200)))]
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// What the service needs answers, too.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200), (status = 503, body = wire::Problem)))]
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    // An id that no ticket has.
    let read = app.sessions.get("readiness", Timestamp::now()).await;
    read.map_err(|error| Problem::unavailable(&error))?;
    let bucket = app.bucket.ready().await;
    bucket.map_err(|error| Problem::unavailable(&error))?;
    Ok("ready\n")
}
