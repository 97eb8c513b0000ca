//! `/v1/ops/dlq`: messages that were received too often, why, and moving them
//! back.

use std::collections::HashSet;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use cloudalbum_aws::notification;
use cloudalbum_aws::queue::{Outgoing, Queue, Received};
use cloudalbum_domain::wire::{DeadLetter, DeadLetters, MoveBack, MovedBack};
use cloudalbum_domain::{OriginalKey, Photo, Stage};

use super::failures::{name, records};
use super::{audit, stage};
use crate::{App, Caller, Problem};

/// How many messages of a queue are looked at.
const MOST: usize = 100;
/// Long enough to look at them all, short enough to look again.
const HIDDEN: Duration = Duration::from_secs(10);

/// Dead letters of both stages, each with the reason of its last attempt.
#[utoipa::path(
    get, path = "/v1/ops/dlq",
    responses((status = 200, body = DeadLetters), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<DeadLetters>, Problem> {
    caller.require_operator()?;
    let mut letters = DeadLetters::default();
    for stage in Stage::ALL {
        let Some(queue) = queue(&app, stage) else {
            continue;
        };
        let received = receive(queue).await?;
        for message in &received {
            show_again(queue, message).await?;
        }
        letters
            .messages
            .extend(describe(&app, stage, received).await?);
    }
    Ok(Json(letters))
}

/// Moves messages back into the stage's queue: the ones named, or all.
#[utoipa::path(
    post, path = "/v1/ops/dlq/{stage}/redrive", params(("stage" = String, Path)),
    request_body = MoveBack,
    responses((status = 200, body = MovedBack), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn move_back(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(order): Json<MoveBack>,
) -> Result<Json<MovedBack>, Problem> {
    caller.require_operator()?;
    let stage = stage(&name)?;
    let dlq = queue(&app, stage).ok_or_else(Problem::not_found)?;
    let target = match &order.message_ids {
        Some(ids) => format!("{name} {}", ids.join(" ")),
        None => name,
    };
    let audit = audit::begin(&app, &caller, "move_back", target).await?;
    let messages = match order.message_ids {
        Some(ids) => move_some(&app, dlq, stage, ids.into_iter().collect()).await?,
        None => move_all(dlq).await?,
    };
    audit::finish(&app, audit, messages).await?;
    Ok(Json(MovedBack { messages }))
}

async fn move_all(dlq: &Queue) -> Result<u64, Problem> {
    let counts = dlq.counts().await;
    let waiting = counts
        .map_err(|error| Problem::unavailable(&error))?
        .visible;
    if waiting > 0 {
        let moved = dlq.move_back().await;
        moved.map_err(|error| Problem::unavailable(&error))?;
    }
    Ok(waiting)
}

/// Sends before it deletes: what is broken off in between comes twice, which
/// is harmless, and is never lost.
async fn move_some(
    app: &App,
    dlq: &Queue,
    stage: Stage,
    ids: HashSet<String>,
) -> Result<u64, Problem> {
    let mut moved = 0;
    for message in receive(dlq).await? {
        if !ids.contains(&message.id) {
            show_again(dlq, &message).await?;
            continue;
        }
        let again = Outgoing {
            body: message.body,
            trace: None,
        };
        let sent = app.requeue.queue(stage).send(&again).await;
        sent.map_err(|error| Problem::unavailable(&error))?;
        let deleted = dlq.delete(&message.receipt_handle).await;
        deleted.map_err(|error| Problem::unavailable(&error))?;
        moved += 1;
    }
    Ok(moved)
}

async fn receive(queue: &Queue) -> Result<Vec<Received>, Problem> {
    let received = queue.receive_many(MOST, HIDDEN).await;
    received.map_err(|error| Problem::unavailable(&error))
}

async fn show_again(queue: &Queue, message: &Received) -> Result<(), Problem> {
    let shown = queue.change_visibility(&message.receipt_handle, Duration::ZERO);
    shown.await.map_err(|error| Problem::unavailable(&error))
}

async fn describe(
    app: &App,
    stage: Stage,
    messages: Vec<Received>,
) -> Result<Vec<DeadLetter>, Problem> {
    let parsed = messages.into_iter().map(|message| {
        let key = match notification::parse(&message.body) {
            Ok(created) => Ok(created.into_iter().next().map(|created| created.key)),
            Err(error) => Err(error.to_string()),
        };
        (message, key)
    });
    let parsed: Vec<(Received, Result<Option<OriginalKey>, String>)> = parsed.collect();
    let keys = parsed.iter().filter_map(|(_, key)| key.clone().ok()?);
    let keys: Vec<OriginalKey> = keys.collect();
    let records = records(app, &keys).await?;
    let letter = |(message, key): (Received, Result<Option<OriginalKey>, String>)| {
        let (photo, reason) = match key {
            Ok(Some(key)) => (Some(name(&key)), reason(records.get(&key), stage)),
            Ok(None) => (None, "the message names no photo".to_owned()),
            Err(error) => (None, error),
        };
        DeadLetter {
            stage,
            message_id: message.id,
            photo,
            reason,
            receive_count: message.receive_count,
            sent_at: message.sent_at,
        }
    };
    Ok(parsed.into_iter().map(letter).collect())
}

fn reason(photo: Option<&Photo>, stage: Stage) -> String {
    let Some(photo) = photo else {
        return "there is no such photo any more".to_owned();
    };
    let (setback, failure) = match stage {
        Stage::Thumbnails => (&photo.thumbnails_error, photo.thumbnails.failure()),
        Stage::Metadata => (&photo.metadata_error, photo.metadata.failure()),
    };
    match (setback, failure) {
        (_, Some((failure, ..))) => failure.code.to_string(),
        (Some(setback), None) => setback.reason.clone(),
        (None, None) => "no attempt ended with a reason".to_owned(),
    }
}

fn queue(app: &App, stage: Stage) -> Option<&Queue> {
    match stage {
        Stage::Thumbnails => app.thumbnails_dlq.as_ref(),
        Stage::Metadata => app.metadata_dlq.as_ref(),
    }
}
