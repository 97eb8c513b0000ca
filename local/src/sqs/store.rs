//! The file of the queues: its tables, and one transaction on them.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::fault::Fault;
use super::queue::{Address, Queue};

const TABLES: &str = "
create table if not exists queues (
    id integer primary key,
    name text not null unique,
    created_at integer not null,
    modified_at integer not null,
    attributes text not null
) strict;
create table if not exists messages (
    id integer primary key autoincrement,
    queue integer not null references queues (id) on delete cascade,
    message_id text not null,
    body text not null,
    attributes text not null,
    trace_header text,
    sent_at integer not null,
    visible_at integer not null,
    first_received_at integer,
    receive_count integer not null default 0,
    receipt text unique,
    source_arn text
) strict;
create index if not exists messages_by_visibility on messages (queue, visible_at, id);
create table if not exists move_tasks (
    handle text primary key,
    source_arn text not null,
    destination_arn text,
    per_second integer,
    moved integer not null,
    to_move integer not null,
    status text not null,
    failure text,
    started_at integer not null
) strict;
create table if not exists intents (
    key text primary key,
    bucket text not null,
    event text not null,
    at integer not null
) strict;
";

/// Opens the file so that a committed transaction survives a power cut.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

/// One transaction: everything a call does happens, or nothing does.
pub(super) struct Store<'a> {
    pub(super) tx: &'a Transaction<'a>,
    /// Milliseconds since 1970; the whole transaction happens at this moment.
    pub(super) now: i64,
    pub(super) address: &'a Address,
}

impl Store<'_> {
    pub(super) fn queue_by_url(&self, url: &str) -> Result<Queue, Fault> {
        if url.is_empty() {
            return Err(Fault::MissingParameter("QueueUrl"));
        }
        let name = url.rsplit('/').next().unwrap_or_default();
        self.queue_by_name(name)?.ok_or(Fault::QueueDoesNotExist)
    }

    pub(super) fn queue_by_arn(&self, arn: &str) -> Result<Option<Queue>, Fault> {
        match arn.strip_prefix(&self.address.arn("")) {
            Some(name) => self.queue_by_name(name),
            None => Ok(None),
        }
    }

    pub(super) fn queue_by_name(&self, name: &str) -> Result<Option<Queue>, Fault> {
        let row = self
            .tx
            .prepare_cached(
                "select id, name, created_at, modified_at, attributes from queues where name = ?1",
            )?
            .query_row(params![name], Queue::raw)
            .optional()?;
        row.map(Queue::parse).transpose()
    }

    pub(super) fn queues(&self) -> Result<Vec<Queue>, Fault> {
        let mut statement = self.tx.prepare_cached(
            "select id, name, created_at, modified_at, attributes from queues order by name",
        )?;
        let rows = statement.query_map([], Queue::raw)?;
        rows.map(|row| Queue::parse(row?)).collect()
    }

    /// Removes what has outlived the retention period of its queue.
    pub(super) fn expire(&self, queue: &Queue) -> Result<(), Fault> {
        let oldest = self.now - queue.attributes.retention_seconds * 1000;
        self.tx
            .prepare_cached("delete from messages where queue = ?1 and sent_at < ?2")?
            .execute(params![queue.id, oldest])?;
        Ok(())
    }
}
