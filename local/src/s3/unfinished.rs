//! Listings of uploads that were neither completed nor given up, and of their parts.

use std::sync::Arc;

use rusqlite::params;
use s3s::dto::{
    ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput,
    MultipartUpload, Part,
};
use s3s::{S3Result, s3_error};

use super::checksum::set_checksums;
use super::parts::{self, Held};
use super::store::Store;
use super::{encode, index, internal, objects};

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
    let mut found = store
        .blocking(move |store| {
            let index = store.index();
            parts::attributes(&index, &id, &bucket, &name)?;
            parts::held(&index, &id)
        })
        .await?;
    found.retain(|part| part.number > after);
    let truncated = found.len() > usize::try_from(limit).unwrap_or_default();
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        max_parts: Some(limit),
        part_number_marker: Some(after),
        next_part_number_marker: found.last().map(|part| part.number),
        is_truncated: Some(truncated),
        parts: Some(found.into_iter().map(answer).collect::<S3Result<_>>()?),
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

fn answer(held: Held) -> S3Result<Part> {
    let mut part = Part {
        part_number: Some(held.number),
        size: i64::try_from(held.size).ok(),
        e_tag: Some(ETag::Strong(held.etag)),
        last_modified: Some(objects::timestamp(held.modified_ms)?),
        ..Part::default()
    };
    set_checksums!(part, held.checksums);
    Ok(part)
}
