//! Dead-letter queues: who feeds one, and moving its messages back.

use rusqlite::{Row, params};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::fault::Fault;
use super::manage::Addressed;
use super::queue::Queue;
use super::store::Store;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartMoveTask {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMoveTasks {
    source_arn: String,
    max_results: Option<i64>,
}

pub(super) fn list_sources(store: &Store<'_>, call: &Addressed) -> Result<Value, Fault> {
    let queue = store.queue_by_url(&call.queue_url)?;
    let arn = store.address.arn(&queue.name);
    let urls: Vec<String> = sources(store, &arn)?
        .iter()
        .map(|source| store.address.url(&source.name))
        .collect();
    Ok(json!({ "queueUrls": urls }))
}

/// Moves every visible message in this one transaction.
///
/// A rate limit is kept by delaying what arrives, so a crash leaves no half-done task.
pub(super) fn start(store: &Store<'_>, call: &StartMoveTask) -> Result<Value, Fault> {
    let source = existing(store, &call.source_arn)?;
    if sources(store, &call.source_arn)?.is_empty() {
        return Err(Fault::InvalidParameterValue(
            "Source queue must be configured as a Dead Letter Queue.".to_owned(),
        ));
    }
    if let Some(arn) = &call.destination_arn {
        existing(store, arn)?;
    }
    let rate = call.max_number_of_messages_per_second;
    if rate.is_some_and(|rate| !(1..=500).contains(&rate)) {
        return Err(Fault::InvalidParameterValue(
            "MaxNumberOfMessagesPerSecond must be between 1 and 500.".to_owned(),
        ));
    }

    let waiting = waiting(store, &source)?;
    let mut moved: i64 = 0;
    let mut failure = None;
    for (id, origin) in &waiting {
        let target = match call.destination_arn.as_deref().or(origin.as_deref()) {
            Some(arn) => store.queue_by_arn(arn)?,
            None => None,
        };
        let Some(target) = target else {
            failure = Some("CouldNotDetermineMessageSource");
            continue;
        };
        let delay = rate.map_or(0, |rate| moved * 1000 / rate);
        renew(store, *id, &target, delay)?;
        moved += 1;
    }

    let handle = Uuid::new_v4().to_string();
    store.tx.execute(
        "insert into move_tasks (handle, source_arn, destination_arn, per_second, moved, to_move, \
                                 status, failure, started_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            handle,
            call.source_arn,
            call.destination_arn,
            rate,
            moved,
            i64::try_from(waiting.len()).unwrap_or(i64::MAX),
            if failure.is_none() {
                "COMPLETED"
            } else {
                "FAILED"
            },
            failure,
            store.now,
        ],
    )?;
    Ok(json!({ "TaskHandle": handle }))
}

pub(super) fn list(store: &Store<'_>, call: &ListMoveTasks) -> Result<Value, Fault> {
    existing(store, &call.source_arn)?;
    let mut statement = store.tx.prepare_cached(
        "select source_arn, destination_arn, per_second, moved, to_move, status, failure, \
                started_at \
         from move_tasks where source_arn = ?1 order by started_at desc, rowid desc limit ?2",
    )?;
    let most = call.max_results.unwrap_or(1).clamp(1, 10);
    let rows = statement.query_map(params![call.source_arn, most], task)?;
    let tasks: Vec<Value> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(json!({ "Results": tasks }))
}

fn existing(store: &Store<'_>, arn: &str) -> Result<Queue, Fault> {
    store.queue_by_arn(arn)?.ok_or(Fault::ResourceNotFound(
        "The resource that you specified for the SourceArn parameter doesn't exist.",
    ))
}

/// The queues whose redrive policy names this one.
fn sources(store: &Store<'_>, arn: &str) -> Result<Vec<Queue>, Fault> {
    let mut queues = store.queues()?;
    queues.retain(|queue| {
        let redrive = queue.attributes.redrive.as_ref();
        redrive.is_some_and(|redrive| redrive.dead_letter_arn == arn)
    });
    Ok(queues)
}

fn waiting(store: &Store<'_>, source: &Queue) -> Result<Vec<(i64, Option<String>)>, Fault> {
    let mut statement = store.tx.prepare_cached(
        "select id, source_arn from messages where queue = ?1 and visible_at <= ?2 order by id",
    )?;
    let rows = statement.query_map(params![source.id, store.now], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A moved message is a new one: new id, sent now, never received.
fn renew(store: &Store<'_>, id: i64, target: &Queue, delay: i64) -> Result<(), Fault> {
    store
        .tx
        .prepare_cached(
            "update messages set queue = ?2, message_id = ?3, sent_at = ?4, visible_at = ?5, \
                                 first_received_at = null, receive_count = 0, receipt = null, \
                                 source_arn = null \
             where id = ?1",
        )?
        .execute(params![
            id,
            target.id,
            Uuid::new_v4().to_string(),
            store.now,
            store.now + delay,
        ])?;
    Ok(())
}

fn task(row: &Row<'_>) -> rusqlite::Result<Value> {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    set("SourceArn", json!(row.get::<_, String>(0)?));
    set("DestinationArn", json!(row.get::<_, Option<String>>(1)?));
    set(
        "MaxNumberOfMessagesPerSecond",
        json!(row.get::<_, Option<i64>>(2)?),
    );
    set(
        "ApproximateNumberOfMessagesMoved",
        json!(row.get::<_, i64>(3)?),
    );
    set(
        "ApproximateNumberOfMessagesToMove",
        json!(row.get::<_, i64>(4)?),
    );
    set("Status", json!(row.get::<_, String>(5)?));
    set("FailureReason", json!(row.get::<_, Option<String>>(6)?));
    set("StartedTimestamp", json!(row.get::<_, i64>(7)?));
    Ok(Value::Object(fields))
}
