//! `/v1/ops/redrive`: failed stages work again, on fresh messages built from
//! their records.

use axum::Json;
use axum::extract::State;
use cloudalbum_aws::table::TransitionError;
use cloudalbum_domain::wire::{Redrive, Redriven};
use cloudalbum_domain::{FailureCode, OriginalKey, Photo, Refused, Stage};
use http::StatusCode;

use super::audit;
use super::failures::{Walk, failure, name, records};
use crate::photos::{seal, unseal};
use crate::uploads::now;
use crate::{App, Caller, Problem};

/// How many photos one call redrives, about.
const AT_ONCE: u16 = 100;

/// Which failed stages are meant.
enum Which {
    Photos(Vec<OriginalKey>),
    Code(FailureCode),
    All,
}

/// Redrives photos by name, by code, or all; a bounded number a call.
#[utoipa::path(
    post, path = "/v1/ops/redrive", request_body = Redrive,
    responses((status = 200, body = Redriven), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn redrive(
    State(app): State<App>,
    caller: Caller,
    Json(order): Json<Redrive>,
) -> Result<Json<Redriven>, Problem> {
    caller.require_operator()?;
    let cursor: Option<Walk> = order.cursor.as_deref().map(unseal).transpose()?;
    let which = which(order)?;
    let code = match which {
        Which::Code(code) => Some(code),
        Which::Photos(_) | Which::All => None,
    };
    let audit = audit::begin(&app, &caller, "redrive", which.to_string()).await?;
    let (keys, next) = match which {
        Which::Photos(keys) => (keys, None),
        Which::Code(_) | Which::All => {
            let walk = cursor.unwrap_or_else(|| Walk::until(now()));
            let (found, next) = walk.page(&app, code, AT_ONCE).await?;
            let mut keys: Vec<OriginalKey> = found.into_iter().map(|failed| failed.key).collect();
            keys.sort_unstable();
            keys.dedup();
            (keys, next)
        }
    };
    let mut waiting = Vec::new();
    for photo in records(&app, &keys).await?.into_values() {
        waiting.extend(renew(&app, photo, code).await?);
    }
    let sent = app.requeue.send(&waiting).await;
    sent.map_err(|error| Problem::unavailable(&error))?;
    let redriven = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
    audit::finish(&app, audit, redriven).await?;
    Ok(Json(Redriven {
        redriven,
        skipped: u64::try_from(keys.len() - waiting.len()).unwrap_or(0),
        cursor: next.as_ref().map(seal),
    }))
}

/// Asks for another generation of the stages that failed, with `code` if one
/// is meant. A photo that waits already only needs its message again.
async fn renew(
    app: &App,
    photo: Photo,
    code: Option<FailureCode>,
) -> Result<Option<Photo>, Problem> {
    let next = |photo: &Photo| photo.reprocess(&failed_stages(photo, code), now());
    match app.table.transition_from(photo.clone(), next).await {
        Ok(renewed) => Ok(Some(renewed)),
        Err(TransitionError::Refused(Refused::Unchanged)) if code.is_none() => {
            Ok(photo.pending_since().map(|_| photo))
        }
        Err(TransitionError::Refused(_) | TransitionError::Unknown) => Ok(None),
        Err(TransitionError::Table(error)) => Err(Problem::unavailable(&error)),
    }
}

fn failed_stages(photo: &Photo, code: Option<FailureCode>) -> Vec<Stage> {
    let meant = |stage: &Stage| {
        failure(photo, *stage)
            .is_some_and(|(failure, ..)| code.is_none_or(|code| failure.code == code))
    };
    Stage::ALL.into_iter().filter(meant).collect()
}

fn which(order: Redrive) -> Result<Which, Problem> {
    let refuse = |detail: &str| {
        let title = "the redrive does not say what";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_redrive", title).with_detail(detail)
    };
    match (order.ids, order.code, order.all) {
        (Some(ids), None, false) => {
            if ids.is_empty() || ids.len() > usize::from(AT_ONCE) {
                return Err(refuse("name 1 to 100 photos, or a code"));
            }
            let keys: Option<Vec<OriginalKey>> = ids.iter().map(|id| parse(id)).collect();
            let keys = keys.ok_or_else(|| refuse("a photo is named `<owner>/<photo>`"))?;
            Ok(Which::Photos(keys))
        }
        (None, Some(code), false) => Ok(Which::Code(code)),
        (None, None, true) => Ok(Which::All),
        _ => Err(refuse("give exactly one of `ids`, `code` and `all`")),
    }
}

fn parse(name: &str) -> Option<OriginalKey> {
    let (owner, photo) = name.split_once('/')?;
    Some(OriginalKey {
        owner: owner.parse().ok()?,
        photo: photo.parse().ok()?,
    })
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Photos(keys) => {
                let names: Vec<String> = keys.iter().map(name).collect();
                f.write_str(&names.join(" "))
            }
            Self::Code(code) => write!(f, "code {code}"),
            Self::All => f.write_str("all"),
        }
    }
}
