//! `/v1/ops/reconcile`: one run of the reconciler by hand.

use axum::Json;
use axum::extract::State;
use cloudalbum_domain::wire::{Reconcile, Reconciled};

use super::audit;
use crate::uploads::now;
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
    let target = if order.dry_run { "dry run" } else { "all" };
    let audit = audit::begin(&app, &caller, "reconcile", target).await?;
    let report = app.reconciler.run(now(), order.dry_run).await;
    let mends = report.mends.values().sum();
    audit::finish(&app, audit, mends).await?;
    let named = report.mends.iter();
    Ok(Json(Reconciled {
        dry_run: report.dry_run,
        looked_at: report.looked_at,
        mends: named
            .map(|(mend, count)| (mend.as_str().to_owned(), *count))
            .collect(),
        errors: report.errors,
    }))
}
