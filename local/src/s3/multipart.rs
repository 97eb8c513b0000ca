//! Objects that arrive in parts.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use s3s::dto::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CreateMultipartUploadInput, ETag, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Result, s3_error};
use uuid::Uuid;

use super::checksum::{self, Checksums, Promised, checksums_of, set_checksums};
use super::index::{self, Attributes, Object};
use super::parts::{self, Held};
use super::staged::Staged;
use super::store::{Store, now_ms};
use super::{encode, internal, key, objects};

/// Begins an upload and answers its id.
pub(super) async fn create(
    store: &Arc<Store>,
    input: CreateMultipartUploadInput,
) -> S3Result<String> {
    key::check(&input.key)?;
    let attributes = Attributes {
        content_type: input
            .content_type
            .or_else(|| Some(objects::UNSAID.to_owned())),
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
    let checksums = checksums_of!(input);
    let (id, bucket, name) = (input.upload_id, input.bucket, input.key);
    {
        let (id, bucket, name) = (id.clone(), bucket.clone(), name.clone());
        store
            .blocking(move |store| parts::attributes(&store.index(), &id, &bucket, &name).map(drop))
            .await?;
    }
    let promised = Promised::new(checksums, input.content_md5, &req.headers);
    let staged =
        Staged::receive(&store.staging(), input.body, promised, req.trailing_headers).await?;
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(staged.etag.clone())),
        ..UploadPartOutput::default()
    };
    set_checksums!(output, staged.checksums.clone());
    store
        .blocking(move |store| {
            let checksums = serde_json::to_string(&staged.checksums).map_err(internal)?;
            store.keep(&staged, |tx| {
                parts::attributes(tx, &id, &bucket, &name)?;
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
                        staged.etag,
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
            let (mut attributes, held) = {
                let index = store.index();
                let attributes = parts::attributes(&index, id, bucket, &input.key)?;
                index::check(&index, bucket, &input.key, &condition)?;
                (attributes, parts::held(&index, id)?)
            };
            let named = input
                .multipart_upload
                .as_ref()
                .and_then(|upload| upload.parts.as_deref())
                .unwrap_or_default();
            let chosen = parts::choose(held, named)?;
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
                parts::end(tx, id, bucket, &input.key)
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
            store.change(|tx| parts::end(tx, &input.upload_id, &input.bucket, &input.key))
        })
        .await
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
