//! The file of the queues: its tables, and one transaction on them.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

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
///
/// A damaged file is set aside and begun anew: what it held can be made again
/// from the records, which the reconciler does.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    match open_whole(path) {
        Err(error) if is_damage(&error) => {
            let aside = set_aside(path).map_err(|_| error)?;
            tracing::error!(
                file = %path.display(), aside = %aside.display(),
                "the queues were damaged and begin anew; the reconciler sends lost messages again"
            );
            open_whole(path)
        }
        opened => opened,
    }
}

fn open_whole(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let said = connection.pragma_query_value(None, "quick_check", check)?;
    if said != "ok" {
        let damage = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(damage, Some(said)));
    }
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    )
}

/// Moves the file and its journal away, so that nothing of them is lost.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let now = jiff::Timestamp::now().as_millisecond();
    let named = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let aside = named(&format!(".damaged-{now}"));
    fs::rename(path, &aside)?;
    for end in ["-wal", "-shm"] {
        match fs::rename(named(end), named(&format!(".damaged-{now}{end}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_is_set_aside_and_one_that_is_whole_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sqs.sqlite");
        let fill = |connection: &Connection| {
            let queue = "insert into queues values (null, ?1, 0, 0, '{}')";
            for number in 0..2_000 {
                let name = format!("a queue with a long name {number}");
                connection.execute(queue, [name]).unwrap();
            }
            connection
                .pragma_update(None, "wal_checkpoint", "truncate")
                .unwrap();
        };
        let count = |connection: &Connection| -> i64 {
            let all = "select count(*) from queues";
            connection.query_row(all, [], |row| row.get(0)).unwrap()
        };
        fill(&open(&path).unwrap());
        assert_eq!(count(&open(&path).unwrap()), 2_000);
        for length in [100, 9_000, 40_960] {
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(length).unwrap();
            assert_eq!(count(&open(&path).unwrap()), 0, "{length}");
            fill(&open(&path).unwrap());
        }
        let names = fs::read_dir(folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let aside = names.filter(|name| name.contains(".damaged-") && !name.contains("-wal"));
        assert_eq!(aside.filter(|name| !name.contains("-shm")).count(), 3);
    }
}
