//! The rows of an upload and its parts.

use rusqlite::{Connection, OptionalExtension, Transaction};
use s3s::dto::CompletedPart;
use s3s::{S3Result, s3_error};

use super::checksum::{Checksums, checksums_of};
use super::index::{self, Attributes};
use super::internal;

/// S3's smallest part, in bytes; the last one may be smaller.
const SMALLEST: u64 = 5 << 20;

/// A part that was received.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) number: i32,
    pub(super) blob: String,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) modified_ms: i64,
    pub(super) checksums: Checksums,
}

/// What the upload of that id, bucket and key was begun with.
pub(super) fn attributes(
    index: &Connection,
    id: &str,
    bucket: &str,
    key: &str,
) -> S3Result<Attributes> {
    index
        .prepare_cached("SELECT attributes FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3")
        .and_then(|mut statement| {
            statement
                .query_row([id, bucket, key], |row| index::json(row, 0))
                .optional()
        })
        .map_err(internal)?
        .ok_or_else(|| s3_error!(NoSuchUpload))
}

pub(super) fn held(index: &Connection, id: &str) -> S3Result<Vec<Held>> {
    index
        .prepare_cached(
            "SELECT number, blob, size, etag, modified_ms, checksums
             FROM parts WHERE upload = ?1 ORDER BY number",
        )
        .and_then(|mut statement| {
            statement
                .query_map([id], |row| {
                    Ok(Held {
                        number: row.get(0)?,
                        blob: row.get(1)?,
                        size: row.get(2)?,
                        etag: row.get(3)?,
                        modified_ms: row.get(4)?,
                        checksums: index::json(row, 5)?,
                    })
                })?
                .collect()
        })
        .map_err(internal)
}

/// The held parts that the client named, in its order, which must be ascending.
pub(super) fn choose(held: Vec<Held>, named: &[CompletedPart]) -> S3Result<Vec<Held>> {
    if named.is_empty() {
        return Err(s3_error!(
            InvalidRequest,
            "an object needs at least one part"
        ));
    }
    if !named.is_sorted_by(|a, b| a.part_number < b.part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let mut held = held.into_iter();
    let mut chosen = Vec::with_capacity(named.len().min(10_000));
    for part in named {
        let found = held
            .find(|held| Some(held.number) >= part.part_number)
            .filter(|held| Some(held.number) == part.part_number && held.is(part))
            .ok_or_else(|| s3_error!(InvalidPart))?;
        chosen.push(found);
    }
    if let Some((_, all_but_last)) = chosen.split_last()
        && all_but_last.iter().any(|part| part.size < SMALLEST)
    {
        return Err(s3_error!(EntityTooSmall));
    }
    Ok(chosen)
}

/// Forgets an upload and its parts; their blobs become garbage.
pub(super) fn end(tx: &Transaction<'_>, id: &str, bucket: &str, key: &str) -> S3Result<()> {
    attributes(tx, id, bucket, key)?;
    tx.execute(
        "INSERT INTO garbage (blob) SELECT blob FROM parts WHERE upload = ?1",
        [id],
    )
    .and_then(|_| tx.execute("DELETE FROM parts WHERE upload = ?1", [id]))
    .and_then(|_| tx.execute("DELETE FROM uploads WHERE id = ?1", [id]))
    .map_err(internal)?;
    Ok(())
}

impl Held {
    /// Whether this is the part that the client means.
    fn is(&self, named: &CompletedPart) -> bool {
        let etag = named
            .e_tag
            .as_ref()
            .is_none_or(|etag| etag.value() == self.etag);
        let sent = checksums_of!(named);
        let agrees = |sent: &Option<String>, held: &Option<String>| sent.is_none() || sent == held;
        etag && named.e_tag.is_some()
            && agrees(&sent.sha256, &self.checksums.sha256)
            && agrees(&sent.sha1, &self.checksums.sha1)
            && agrees(&sent.crc32, &self.checksums.crc32)
            && agrees(&sent.crc32c, &self.checksums.crc32c)
            && agrees(&sent.crc64nvme, &self.checksums.crc64nvme)
    }
}
