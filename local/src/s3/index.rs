//! The tables that give blobs their names, and what is done to them in one transaction.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use super::checksum::Checksums;
use super::internal;

/// `objects` is the only place where an object has a name: a row is the object's existence.
/// `outbox` holds notifications that are due, `garbage` files that have lost their last name.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL REFERENCES buckets(name), key TEXT NOT NULL,
    blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified_ms INTEGER NOT NULL, attributes TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES buckets(name), key TEXT NOT NULL,
    initiated_ms INTEGER NOT NULL, attributes TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, id);
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL REFERENCES uploads(id), number INTEGER NOT NULL,
    blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified_ms INTEGER NOT NULL, checksums TEXT NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS garbage (blob TEXT PRIMARY KEY) STRICT;
";

/// Opens the index so that a commit has reached the disk when it returns.
pub(super) fn open(path: &std::path::Path) -> rusqlite::Result<Connection> {
    let index = Connection::open(path)?;
    index.pragma_update(None, "journal_mode", "WAL")?;
    index.pragma_update(None, "synchronous", "FULL")?;
    index.pragma_update(None, "foreign_keys", "ON")?;
    index.execute_batch(SCHEMA)?;
    Ok(index)
}

/// What was said about an object when it was written, and is said again when it is read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) metadata: HashMap<String, String>,
    pub(super) checksums: Checksums,
}

/// An object's row.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) blob: String,
    pub(super) size: u64,
    /// Without its quotes.
    pub(super) etag: String,
    pub(super) modified_ms: i64,
    pub(super) attributes: Attributes,
}

impl Object {
    const COLUMNS: &str = "key, blob, size, etag, modified_ms, attributes";

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            blob: row.get(1)?,
            size: row.get(2)?,
            etag: row.get(3)?,
            modified_ms: row.get(4)?,
            attributes: json(row, 5)?,
        })
    }
}

/// Reads a JSON column.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    at: usize,
) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// What must be true of the name for a write to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    None,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`, with an `ETag` or, for `*`, without.
    Present(Option<String>),
}

/// Refuses a bucket that does not exist.
pub(super) fn require_bucket(index: &Connection, bucket: &str) -> S3Result<()> {
    index
        .prepare_cached("SELECT 1 FROM buckets WHERE name = ?1")
        .and_then(|mut statement| statement.exists([bucket]))
        .map_err(internal)?
        .then_some(())
        .ok_or_else(|| s3_error!(NoSuchBucket))
}

/// The object of that name, if there is one.
pub(super) fn find(index: &Connection, bucket: &str, key: &str) -> S3Result<Option<Object>> {
    let sql = format!(
        "SELECT {} FROM objects WHERE bucket = ?1 AND key = ?2",
        Object::COLUMNS
    );
    index
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([bucket, key], Object::read).optional())
        .map_err(internal)
}

/// Calls `each` with the objects from `from` on, in the order of their keys, until it answers false.
pub(super) fn walk(
    index: &Connection,
    bucket: &str,
    from: &str,
    mut each: impl FnMut(Object) -> bool,
) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT {} FROM objects WHERE bucket = ?1 AND key >= ?2 ORDER BY key",
        Object::COLUMNS
    );
    let mut statement = index.prepare_cached(&sql)?;
    let mut rows = statement.query([bucket, from])?;
    while let Some(row) = rows.next()? {
        if !each(Object::read(row)?) {
            break;
        }
    }
    Ok(())
}

/// Checks `condition` against what stands under the name now.
pub(super) fn check(
    index: &Connection,
    bucket: &str,
    key: &str,
    condition: &Condition,
) -> S3Result<Option<Object>> {
    require_bucket(index, bucket)?;
    let standing = find(index, bucket, key)?;
    let holds = match (condition, &standing) {
        (Condition::None, _) | (Condition::Absent, None) => true,
        (Condition::Absent, Some(_)) => false,
        (Condition::Present(_), None) => return Err(s3_error!(NoSuchKey)),
        (Condition::Present(wanted), Some(found)) => {
            wanted.as_ref().is_none_or(|wanted| *wanted == found.etag)
        }
    };
    if holds {
        Ok(standing)
    } else {
        Err(s3_error!(
            PreconditionFailed,
            "At least one of the pre-conditions you specified did not hold"
        ))
    }
}

/// Puts `object` under its name; what stood there becomes garbage.
pub(super) fn insert(
    tx: &Transaction<'_>,
    bucket: &str,
    object: &Object,
    condition: &Condition,
) -> S3Result<()> {
    if let Some(old) = check(tx, bucket, &object.key, condition)? {
        discard(tx, &old.blob)?;
    }
    let attributes = serde_json::to_string(&object.attributes).map_err(internal)?;
    tx.execute(
        "INSERT OR REPLACE INTO objects (bucket, key, blob, size, etag, modified_ms, attributes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            bucket,
            object.key,
            object.blob,
            object.size,
            object.etag,
            object.modified_ms,
            attributes
        ],
    )
    .map_err(internal)?;
    Ok(())
}

/// Takes the name away from an object, if it is there.
pub(super) fn delete(tx: &Transaction<'_>, bucket: &str, key: &str) -> S3Result<()> {
    let blob: Option<String> = tx
        .query_row(
            "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 RETURNING blob",
            [bucket, key],
            |row| row.get(0),
        )
        .optional()
        .map_err(internal)?;
    blob.map_or(Ok(()), |blob| discard(tx, &blob))
}

/// Marks a blob's file for removal once the transaction holds.
pub(super) fn discard(tx: &Transaction<'_>, blob: &str) -> S3Result<()> {
    tx.execute("INSERT INTO garbage (blob) VALUES (?1)", [blob])
        .map_err(internal)?;
    Ok(())
}

/// Whether an object or a part is made of `blob`.
pub(super) fn is_named(index: &Connection, blob: &str) -> rusqlite::Result<bool> {
    index
        .prepare(
            "SELECT 1 FROM objects WHERE blob = ?1 UNION ALL SELECT 1 FROM parts WHERE blob = ?1",
        )?
        .exists([blob])
}
