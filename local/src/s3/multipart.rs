//! Objects that arrive in parts.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use s3s::dto::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CompletedPart, CreateMultipartUploadInput, ETag, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Result, s3_error};
use uuid::Uuid;

use super::checksum::{self, Checksums, Promised, checksums_of, set_checksums};
use super::index::{self, Attributes, Object};
use super::staged::Staged;
use super::store::{Store, now_ms};
use super::{encode, internal, key, objects};

/// S3's smallest part, in bytes; the last one may be smaller.
const SMALLEST: u64 = 5 << 20;

/// A part that was received.
#[derive(Debug)]
struct Held {
    number: i32,
    blob: String,
    size: u64,
    etag: String,
    modified_ms: i64,
    checksums: Checksums,
}

/// Begins an upload and answers its id.
pub(super) async fn create(
    store: &Arc<Store>,
    input: CreateMultipartUploadInput,
) -> S3Result<String> {
    key::check(&input.key)?;
    let attributes = Attributes {
        content_type: input.content_type,
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        metadata: input.metadata.unwrap_or_default(),
        checksums: Checksums::default(),
    };
    store
        .blocking(move |store| {
            let id = Uuid::new_v4().simple().to_string();
            let attributes = serde_json::to_string(&attributes).map_err(internal)?;
            store.change(|tx| {
                index::require_bucket(tx, &input.bucket)?;
                tx.execute(
                    "INSERT INTO uploads (id, bucket, key, initiated_ms, attributes)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![id, input.bucket, input.key, now_ms(), attributes],
                )
                .map_err(internal)
            })?;
            Ok(id)
        })
        .await
}

/// Receives one part, in place of an earlier one of the same number.
pub(super) async fn upload_part(
    store: &Arc<Store>,
    req: S3Request<UploadPartInput>,
) -> S3Result<UploadPartOutput> {
    let input = req.input;
    if !(1..=10_000).contains(&input.part_number) {
        return Err(s3_error!(
            InvalidArgument,
            "part numbers go from 1 to 10000"
        ));
    }
    let (id, bucket, name) = (input.upload_id, input.bucket, input.key);
    {
        let (id, bucket, name) = (id.clone(), bucket.clone(), name.clone());
        store
            .blocking(move |store| attributes(&store.index(), &id, &bucket, &name).map(drop))
            .await?;
    }
    let promised = Promised {
        checksums: Checksums {
            crc32: input.checksum_crc32,
            crc32c: input.checksum_crc32c,
            crc64nvme: input.checksum_crc64nvme,
            sha1: input.checksum_sha1,
            sha256: input.checksum_sha256,
        },
        ..Promised::new(Checksums::default(), input.content_md5, &req.headers)
    };
    let staged =
        Staged::receive(&store.staging(), input.body, promised, req.trailing_headers).await?;
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(staged.md5.clone())),
        ..UploadPartOutput::default()
    };
    set_checksums!(output, staged.checksums.clone());
    store
        .blocking(move |store| {
            let checksums = serde_json::to_string(&staged.checksums).map_err(internal)?;
            store.keep(&staged, |tx| {
                attributes(tx, &id, &bucket, &name)?;
                let old: Option<String> = tx
                    .query_row(
                        "DELETE FROM parts WHERE upload = ?1 AND number = ?2 RETURNING blob",
                        params![id, input.part_number],
                        |row| row.get(0),
                    )
                    .optional()
                    .map_err(internal)?;
                if let Some(old) = old {
                    index::discard(tx, &old)?;
                }
                tx.execute(
                    "INSERT INTO parts (upload, number, blob, size, etag, modified_ms, checksums)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![
                        id,
                        input.part_number,
                        staged.blob,
                        staged.size,
                        staged.md5,
                        now_ms(),
                        checksums
                    ],
                )
                .map_err(internal)
            })
        })
        .await?;
    Ok(output)
}

/// Makes one object of the parts, create-only if asked, and ends the upload.
pub(super) async fn complete(
    store: &Arc<Store>,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let condition = objects::condition(input.if_none_match.as_ref(), input.if_match.as_ref())?;
    store
        .announcing(move |store| {
            let (id, bucket) = (&input.upload_id, &input.bucket);
            let (mut attributes, parts) = {
                let index = store.index();
                let attributes = attributes(&index, id, bucket, &input.key)?;
                index::check(&index, bucket, &input.key, &condition)?;
                (attributes, held(&index, id)?)
            };
            let named = input
                .multipart_upload
                .as_ref()
                .and_then(|upload| upload.parts.as_deref())
                .unwrap_or_default();
            let chosen = choose(parts, named)?;
            attributes.checksums = Checksums {
                sha256: checksum::multipart_sha256(
                    chosen.iter().map(|part| part.checksums.sha256.as_deref()),
                ),
                ..Checksums::default()
            };
            check_whole(&input, &chosen, &attributes.checksums)?;

            let paths: Vec<_> = chosen.iter().map(|part| store.blob(&part.blob)).collect();
            let staged = Staged::join(&store.staging(), &paths).map_err(internal)?;
            let object = Object {
                key: input.key.clone(),
                blob: staged.blob.clone(),
                size: staged.size,
                etag: checksum::multipart_etag(chosen.iter().map(|part| part.etag.as_str())),
                modified_ms: now_ms(),
                attributes,
            };
            let event_name = "ObjectCreated:CompleteMultipartUpload";
            store.publish(&staged, bucket, &object, &condition, event_name, |tx| {
                end(tx, id, bucket, &input.key)
            })?;
            let mut output = CompleteMultipartUploadOutput {
                location: Some(format!("/{bucket}/{}", encode::form(&object.key))),
                e_tag: Some(ETag::Strong(object.etag)),
                bucket: Some(input.bucket),
                key: Some(object.key),
                ..CompleteMultipartUploadOutput::default()
            };
            set_checksums!(output, object.attributes.checksums);
            Ok(output)
        })
        .await
}

/// Ends an upload and forgets its parts.
pub(super) async fn abort(store: &Arc<Store>, input: AbortMultipartUploadInput) -> S3Result<()> {
    store
        .blocking(move |store| {
            store.change(|tx| end(tx, &input.upload_id, &input.bucket, &input.key))
        })
        .await
}

/// The parts that are held, by number.
pub(super) async fn list_parts(
    store: &Arc<Store>,
    input: ListPartsInput,
) -> S3Result<ListPartsOutput> {
    let limit = input.max_parts.unwrap_or(1000).clamp(0, 1000);
    let after = input.part_number_marker.unwrap_or(0);
    let (id, bucket, name) = (
        input.upload_id.clone(),
        input.bucket.clone(),
        input.key.clone(),
    );
    let mut parts = store
        .blocking(move |store| {
            let index = store.index();
            attributes(&index, &id, &bucket, &name)?;
            held(&index, &id)
        })
        .await?;
    parts.retain(|part| part.number > after);
    let truncated = parts.len() > usize::try_from(limit).unwrap_or_default();
    parts.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        max_parts: Some(limit),
        part_number_marker: Some(after),
        next_part_number_marker: parts.last().map(|part| part.number),
        is_truncated: Some(truncated),
        parts: Some(
            parts
                .into_iter()
                .map(Held::answer)
                .collect::<S3Result<_>>()?,
        ),
        ..ListPartsOutput::default()
    })
}

/// The uploads that have neither been completed nor given up.
pub(super) async fn list_uploads(
    store: &Arc<Store>,
    input: ListMultipartUploadsInput,
) -> S3Result<ListMultipartUploadsOutput> {
    if input
        .delimiter
        .as_deref()
        .is_some_and(|text| !text.is_empty())
    {
        return Err(s3_error!(NotImplemented, "uploads are not rolled up"));
    }
    let limit = input.max_uploads.unwrap_or(1000).clamp(0, 1000);
    let prefix = input.prefix.clone().unwrap_or_default();
    let key_marker = input.key_marker.clone().unwrap_or_default();
    // Without an id marker the whole key is behind; no id sorts after this character.
    let id_marker = input
        .upload_id_marker
        .clone()
        .filter(|marker| !marker.is_empty())
        .unwrap_or_else(|| "~".to_owned());
    let bucket = input.bucket.clone();
    let mut found: Vec<(String, String, i64)> = store
        .blocking(move |store| {
            let index = store.index();
            index::require_bucket(&index, &bucket)?;
            let mut statement = index
                .prepare_cached(
                    "SELECT key, id, initiated_ms FROM uploads
                     WHERE bucket = ?1 AND (key, id) > (?2, ?3)
                       AND substr(key, 1, length(?4)) = ?4
                     ORDER BY key, id LIMIT ?5",
                )
                .map_err(internal)?;
            statement
                .query_map(
                    params![bucket, key_marker, id_marker, prefix, limit + 1],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .and_then(Iterator::collect)
                .map_err(internal)
        })
        .await?;
    let truncated = found.len() > usize::try_from(limit).unwrap_or_default();
    found.truncate(usize::try_from(limit).unwrap_or_default());
    let last = found.last().filter(|_| truncated).cloned();
    let form = |key: String| match input.encoding_type {
        Some(_) => encode::form(&key),
        None => key,
    };
    Ok(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        prefix: input.prefix.map(form),
        key_marker: input.key_marker.map(form),
        upload_id_marker: input.upload_id_marker,
        max_uploads: Some(limit),
        is_truncated: Some(truncated),
        next_key_marker: last.clone().map(|(key, ..)| form(key)),
        next_upload_id_marker: last.map(|(_, id, _)| id),
        uploads: Some(
            found
                .into_iter()
                .map(|(key, id, initiated_ms)| {
                    Ok(MultipartUpload {
                        key: Some(form(key)),
                        upload_id: Some(id),
                        initiated: Some(objects::timestamp(initiated_ms)?),
                        ..MultipartUpload::default()
                    })
                })
                .collect::<S3Result<_>>()?,
        ),
        encoding_type: input.encoding_type.clone(),
        ..ListMultipartUploadsOutput::default()
    })
}

impl Held {
    fn answer(self) -> S3Result<Part> {
        let mut part = Part {
            part_number: Some(self.number),
            size: i64::try_from(self.size).ok(),
            e_tag: Some(ETag::Strong(self.etag)),
            last_modified: Some(objects::timestamp(self.modified_ms)?),
            ..Part::default()
        };
        set_checksums!(part, self.checksums);
        Ok(part)
    }

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

/// What the upload of that id, bucket and key was begun with.
fn attributes(index: &Connection, id: &str, bucket: &str, key: &str) -> S3Result<Attributes> {
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

fn held(index: &Connection, id: &str) -> S3Result<Vec<Held>> {
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
fn choose(held: Vec<Held>, named: &[CompletedPart]) -> S3Result<Vec<Held>> {
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

/// Compares what the client said about the whole object with its parts.
fn check_whole(
    input: &CompleteMultipartUploadInput,
    chosen: &[Held],
    found: &Checksums,
) -> S3Result<()> {
    let size: u64 = chosen.iter().map(|part| part.size).sum();
    if input
        .mpu_object_size
        .is_some_and(|said| u64::try_from(said) != Ok(size))
    {
        return Err(s3_error!(
            InvalidRequest,
            "the parts have another size together"
        ));
    }
    let bare = |sum: &str| sum.split('-').next().unwrap_or_default().to_owned();
    let said = input.checksum_sha256.as_deref().map(bare);
    if said.is_some() && said != found.sha256.as_deref().map(bare) {
        return Err(s3_error!(
            BadDigest,
            "the parts have another checksum together"
        ));
    }
    Ok(())
}

fn end(tx: &rusqlite::Transaction<'_>, id: &str, bucket: &str, key: &str) -> S3Result<()> {
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
