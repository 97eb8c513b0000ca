//! `/v1/ops/audit`: who ordered what.

use axum::Json;
use axum::extract::{Query, State};
use cloudalbum_aws::table::{Audit, AuditCursor};
use cloudalbum_domain::wire::{AuditList, AuditView};
use serde::Deserialize;

use crate::photos::{seal, unseal};
use crate::uploads::now;
use crate::{App, Caller, Problem};

/// What a page of the audit is asked for by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Where the page starts, from the page before.
    cursor: Option<String>,
    /// How many entries, 1 to 200; 100 by default, and the nearest of these for others.
    #[param(maximum = 65535)]
    limit: Option<u16>,
}

/// What operators did, latest first.
#[utoipa::path(
    get, path = "/v1/ops/audit", params(AuditQuery),
    responses((status = 200, body = AuditList), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditList>, Problem> {
    caller.require_operator()?;
    let after: Option<AuditCursor> = query.cursor.as_deref().map(unseal).transpose()?;
    let limit = query.limit.unwrap_or(100).clamp(1, 200);
    let found = app.table.audits(after.as_ref(), limit).await;
    let (audits, next) = found.map_err(|error| Problem::unavailable(&error))?;
    Ok(Json(AuditList {
        entries: audits.into_iter().map(view).collect(),
        cursor: next.as_ref().map(seal),
    }))
}

/// Writes down who orders what, before it is done. Without that it is not done.
pub(super) async fn begin(
    app: &App,
    caller: &Caller,
    action: &str,
    target: impl Into<String>,
) -> Result<Audit, Problem> {
    let at = now();
    let mut unique = [0; 8];
    aws_lc_rs::rand::fill(&mut unique).map_err(|error| Problem::internal(&error))?;
    let audit = Audit {
        entry: Audit::key(at, u64::from_be_bytes(unique)),
        at,
        by: caller.owner.to_string(),
        username: caller.username.clone(),
        action: action.to_owned(),
        target: target.into(),
        affected: None,
    };
    let written = app.table.audit(&audit).await;
    written.map_err(|error| Problem::unavailable(&error))?;
    tracing::info!(
        owner.id = audit.by,
        action,
        target = audit.target,
        "an operator gave an order"
    );
    Ok(audit)
}

/// Adds what the order did.
pub(super) async fn finish(app: &App, audit: Audit, affected: u64) -> Result<(), Problem> {
    let audit = Audit {
        affected: Some(affected),
        ..audit
    };
    let written = app.table.audit(&audit).await;
    written.map_err(|error| Problem::unavailable(&error))
}

fn view(audit: Audit) -> AuditView {
    AuditView {
        at: audit.at,
        by: audit.by,
        username: audit.username,
        action: audit.action,
        target: audit.target,
        affected: audit.affected,
    }
}
