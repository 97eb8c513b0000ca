//! `/v1/ops/failures`: stages of photos that gave up, by code.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{Query, State};
use cloudalbum_aws::table::BacklogCursor;
use cloudalbum_domain::wire::{FailedStage, FailureGroup, FailureList};
use cloudalbum_domain::{Failure, FailureCode, OriginalKey, OwnerId, Photo, PhotoId, Stage};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::photos::{seal, unseal};
use crate::{App, Caller, Problem};

/// What a page of failures is asked for by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FailuresQuery {
    /// Only this cause.
    code: Option<String>,
    /// Where the page starts, from the page before.
    cursor: Option<String>,
    /// How many, 1 to 200; 100 by default. A page may hold somewhat more.
    #[param(maximum = 65535)]
    limit: Option<u16>,
}

/// What failed and why, with the number of each kind on the first page.
#[utoipa::path(
    get, path = "/v1/ops/failures", params(FailuresQuery),
    responses((status = 200, body = FailureList), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<FailuresQuery>,
) -> Result<Json<FailureList>, Problem> {
    caller.require_operator()?;
    let code = query.code.as_deref().map(parse_code).transpose()?;
    let walk: Option<Walk> = query.cursor.as_deref().map(unseal).transpose()?;
    let groups = match walk {
        None => groups(&app, code).await?,
        Some(_) => Vec::new(),
    };
    let limit = query.limit.unwrap_or(100).clamp(1, 200);
    let (found, next) = walk.unwrap_or_default().page(&app, code, limit).await?;
    let keys: Vec<OriginalKey> = found.iter().map(|failed| failed.key.clone()).collect();
    let records = records(&app, &keys).await?;
    let failures = found.iter().filter_map(|failed| {
        let photo = records.get(&failed.key)?;
        let (failure, attempts, at) = failure(photo, failed.stage)?;
        // The index may lag behind the record.
        (failure.code == failed.code).then(|| view(photo, failed.stage, failure, attempts, at))
    });
    Ok(Json(FailureList {
        groups,
        failures: failures.collect(),
        cursor: next.as_ref().map(seal),
    }))
}

/// A stage of a photo that the index says failed.
pub(super) struct Failed {
    pub(super) key: OriginalKey,
    pub(super) stage: Stage,
    pub(super) code: FailureCode,
}

/// Where a walk over the failures of all stages and codes goes on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Walk {
    /// How many kinds are behind.
    kind: usize,
    /// Where in the kind.
    from: BacklogCursor,
    until: Option<Timestamp>,
}

impl Walk {
    /// A walk over what had failed by `until`.
    pub(super) fn until(until: Timestamp) -> Self {
        Self {
            kind: 0,
            from: BacklogCursor::until(until),
            until: Some(until),
        }
    }

    /// About `limit` failures, and where to go on.
    pub(super) async fn page(
        self,
        app: &App,
        code: Option<FailureCode>,
        limit: u16,
    ) -> Result<(Vec<Failed>, Option<Self>), Problem> {
        let kinds = kinds(code);
        let mut found = Vec::new();
        let mut next = Some(self);
        while let Some(walk) = next.take() {
            let Some(&(stage, code)) = kinds.get(walk.kind) else {
                break;
            };
            let page = app.table.failures(stage, code, walk.from, limit).await;
            let page = page.map_err(|error| Problem::unavailable(&error))?;
            let failed = |key| Failed { key, stage, code };
            found.extend(page.photos.into_iter().map(failed));
            next = Some(match page.next {
                Some(from) => Self { from, ..walk },
                None => Self {
                    kind: walk.kind + 1,
                    from: walk.until.map(BacklogCursor::until).unwrap_or_default(),
                    until: walk.until,
                },
            });
            if found.len() >= usize::from(limit) {
                break;
            }
        }
        Ok((found, next.filter(|walk| walk.kind < kinds.len())))
    }
}

fn kinds(code: Option<FailureCode>) -> Vec<(Stage, FailureCode)> {
    let codes: &[FailureCode] = match &code {
        Some(code) => std::slice::from_ref(code),
        None => FailureCode::ALL,
    };
    let of_code = |code: &FailureCode| Stage::ALL.map(|stage| (stage, *code));
    codes.iter().flat_map(of_code).collect()
}

async fn groups(app: &App, code: Option<FailureCode>) -> Result<Vec<FailureGroup>, Problem> {
    let mut groups = Vec::new();
    for (stage, code) in kinds(code) {
        let count = app.table.count_failures(stage, code).await;
        let count = count.map_err(|error| Problem::unavailable(&error))?;
        if count > 0 {
            groups.push(FailureGroup { stage, code, count });
        }
    }
    Ok(groups)
}

/// Reads the records of `keys`, whoever owns them.
pub(super) async fn records(
    app: &App,
    keys: &[OriginalKey],
) -> Result<HashMap<OriginalKey, Photo>, Problem> {
    let mut by_owner: BTreeMap<&OwnerId, Vec<PhotoId>> = BTreeMap::new();
    for key in keys {
        by_owner.entry(&key.owner).or_default().push(key.photo);
    }
    let mut records = HashMap::new();
    for (owner, ids) in by_owner {
        let found = app.table.get_many(owner, ids).await;
        let found = found.map_err(|error| Problem::unavailable(&error))?;
        records.extend(found.into_values().map(|photo| (photo.original(), photo)));
    }
    Ok(records)
}

/// Why a stage of a photo gave up.
pub(super) fn failure(photo: &Photo, stage: Stage) -> Option<(&Failure, u32, Timestamp)> {
    match stage {
        Stage::Thumbnails => photo.thumbnails.failure(),
        Stage::Metadata => photo.metadata.failure(),
    }
}

/// A photo as operators name it.
pub(super) fn name(key: &OriginalKey) -> String {
    format!("{}/{}", key.owner, key.photo)
}

fn view(
    photo: &Photo,
    stage: Stage,
    failure: &Failure,
    attempts: u32,
    failed_at: Timestamp,
) -> FailedStage {
    FailedStage {
        photo: name(&photo.original()),
        stage,
        code: failure.code,
        detail: failure.detail.clone(),
        attempts,
        failed_at,
        trace_id: photo.trace_context.xray_id(),
    }
}

fn parse_code(text: &str) -> Result<FailureCode, Problem> {
    text.parse().map_err(|_| {
        let codes: Vec<&str> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
        let title = "there is no such failure code";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_code", title)
            .with_detail(format!("one of {}", codes.join(", ")))
    })
}
