//! `GET /v1/changes`: what changed or went since a cursor.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use cloudalbum_aws::table::ChangesCursor;
use cloudalbum_domain::State as Life;
use cloudalbum_domain::wire::{Change, Changes};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use crate::photos::{seal, unseal};
use crate::{App, Caller, Problem, view};

/// How often the table is asked while a caller waits.
const ASK_EVERY: Duration = Duration::from_millis(75);

/// The same where much is changing: each reading goes over the last seconds
/// again, and may take a small part of the time only.
const ASK_EVERY_PER_CHANGE: Duration = Duration::from_millis(2);

/// Nobody waits longer than this for what is there.
const ASK_AT_LEAST_EVERY: Duration = Duration::from_secs(1);

/// The cursor of a caller that wants no history.
const NOW: &str = "now";

/// Where to go on, and how long to wait for something new.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// From the answer before, or `now` to hear only of what is still to come;
    /// without it everything is told.
    cursor: Option<String>,
    /// In seconds; cut to what the service allows.
    wait: Option<u64>,
}

/// Tells what changed. Nothing is missed; what is told twice is identical.
#[utoipa::path(
    get, path = "/v1/changes", params(ChangesQuery),
    responses((status = 200, body = Changes), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn changes(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Changes>, Problem> {
    let cursor: Option<ChangesCursor> = match query.cursor.as_deref() {
        Some(NOW) => Some(ChangesCursor::starting(Timestamp::now())),
        other => other.map(unseal).transpose()?,
    };
    let wait = Duration::from_secs(query.wait.unwrap_or(0)).min(app.settings.long_poll);
    let until = Instant::now() + wait;
    let every = cursor.as_ref().map_or(ASK_EVERY, ask_every);
    if let Some(cursor) = &cursor {
        let told = Timestamp::now().duration_since(cursor.at());
        let rest = every.saturating_sub(told.try_into().unwrap_or_default());
        // Who was told of one just now hears of the next ones together.
        sleep_until(Instant::now() + rest.min(wait)).await;
    }
    let page = loop {
        let page = app.table.changes(&caller.owner, cursor.as_ref()).await;
        let page = page.map_err(|error| Problem::unavailable(&error))?;
        let next = Instant::now() + every;
        if !page.photos.is_empty() || next > until {
            break page;
        }
        sleep_until(next).await;
    };
    let mut changes = Vec::with_capacity(page.photos.len());
    for photo in &page.photos {
        changes.push(match photo.state {
            Life::Deleted => Change::Gone {
                id: photo.id.to_string(),
                version: photo.version,
            },
            _ => Change::Photo {
                photo: Box::new(view::photo(&app, &caller, photo, false).await?),
            },
        });
    }
    let poll_after = if app.settings.long_poll.is_zero() {
        2
    } else {
        0
    };
    Ok(Json(Changes {
        changes,
        cursor: seal(&page.next),
        more: page.more,
        poll_after,
    }))
}

fn ask_every(cursor: &ChangesCursor) -> Duration {
    (ASK_EVERY_PER_CHANGE * cursor.told()).clamp(ASK_EVERY, ASK_AT_LEAST_EVERY)
}
