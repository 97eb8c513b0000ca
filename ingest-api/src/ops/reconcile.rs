//! `/v1/ops/reconcile`: one run of the reconciler by hand.

use axum::Json;
use axum::extract::State;
use cloudalbum_domain::wire::{Reconcile, Reconciled};

use super::audit;
use crate::{App, Caller, Problem};

/// Compares records, objects, parts and counters, and mends what differs; with
/// `dry_run` it only tells. A run does a bounded part of the work.
#[utoipa::path(
    post, path = "/v1/ops/reconcile", request_body = Reconcile,
    responses((status = 200, body = Reconciled), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn reconcile(
    State(app): State<App>,
    caller: Caller,
    Json(order): Json<Reconcile>,
) -> Result<Json<Reconciled>, Problem> {
    caller.require_operator()?;
    let reconciler = app.reconciler.as_ref().ok_or_else(Problem::not_found)?;
    let target = if order.dry_run { "dry run" } else { "all" };
    let audit = audit::begin(&app, &caller, "reconcile", target).await?;
    // Its own function does it, since it alone may remove what was stored.
    let invoked = reconciler.invoke(&order).await;
    let report: Reconciled = invoked.map_err(|error| Problem::unavailable(&error))?;
    audit::finish(&app, audit, report.mends.values().sum()).await?;
    Ok(Json(report))
}
