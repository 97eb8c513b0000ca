//! `/metrics`: this process's figures and the board's, for Prometheus.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cloudalbum_domain::wire::Summary;
use http::header::CONTENT_TYPE;

use crate::{App, Caller, Problem};

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures for Prometheus, for operators. Prometheus itself asks at
/// `METRICS_ADDR`.
#[utoipa::path(
    get, path = "/metrics",
    responses((status = 200, body = String, content_type = "application/openmetrics-text"),
        (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn read(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.require_operator()?;
    scrape(State(app)).await
}

/// The same without asking who asks.
pub(crate) async fn scrape(State(app): State<App>) -> Result<Response, Problem> {
    let summary = Box::pin(app.board.summary(&app.table)).await;
    note(
        &app,
        &*summary.map_err(|error| Problem::unavailable(&error))?,
    );
    let text = app.metrics.text();
    let text = text.map_err(|error| Problem::internal(&error))?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}

fn note(app: &App, summary: &Summary) {
    let photos = &summary.photos;
    for (status, count) in [
        ("pending", photos.pending),
        ("processing", photos.processing),
        ("ready", photos.ready),
        ("failed", photos.failed),
        ("trashed", photos.trashed),
        ("deleting", photos.deleting),
    ] {
        app.metrics.set_photos(status, count);
    }
    for figures in &summary.stages {
        let stage = figures.stage;
        for (state, count) in [
            ("visible", figures.visible),
            ("in_flight", figures.in_flight),
            ("delayed", figures.delayed),
            ("dead", figures.dead.unwrap_or(0)),
        ] {
            app.metrics.set_messages(stage, state, count);
        }
        app.metrics
            .set_unfinished(stage, figures.unfinished, figures.oldest_seconds);
    }
}
