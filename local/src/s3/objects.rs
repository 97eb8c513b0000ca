//! Writing, reading and removing one object.

use std::io::SeekFrom;
use std::sync::Arc;

use s3s::dto::{
    ChecksumMode, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp,
};
use s3s::{S3Request, S3Result, s3_error};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::checksum::{Promised, checksums_of, set_checksums};
use super::index::{self, Attributes, Condition, Object};
use super::staged::Staged;
use super::store::{Store, now_ms};
use super::{internal, key};

/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// The content type of an object that came without one, as S3 answers it.
pub(super) const UNSAID: &str = "binary/octet-stream";

/// The condition a write is under.
pub(super) fn condition(
    if_none_match: Option<&ETagCondition>,
    if_match: Option<&ETagCondition>,
) -> S3Result<Condition> {
    match (if_none_match, if_match) {
        (None, None) => Ok(Condition::None),
        (Some(ETagCondition::Any), None) => Ok(Condition::Absent),
        (None, Some(ETagCondition::Any)) => Ok(Condition::Present(None)),
        (None, Some(ETagCondition::ETag(etag))) => {
            Ok(Condition::Present(Some(etag.value().to_owned())))
        }
        _ => Err(s3_error!(
            NotImplemented,
            "If-None-Match takes `*` only, and not together with If-Match"
        )),
    }
}

/// Stores one object whole or not at all.
pub(super) async fn put(
    store: &Arc<Store>,
    req: S3Request<PutObjectInput>,
) -> S3Result<PutObjectOutput> {
    let input = req.input;
    key::check(&input.key)?;
    let condition = condition(input.if_none_match.as_ref(), input.if_match.as_ref())?;
    let (bucket, name, early) = (input.bucket.clone(), input.key.clone(), condition.clone());
    store
        .blocking(move |store| index::check(&store.index(), &bucket, &name, &early).map(drop))
        .await?;

    let promised = Promised::new(checksums_of!(input), input.content_md5, &req.headers);
    let staged =
        Staged::receive(&store.staging(), input.body, promised, req.trailing_headers).await?;
    let object = Object {
        key: input.key,
        blob: staged.blob.clone(),
        size: staged.size,
        etag: staged.etag.clone(),
        modified_ms: now_ms(),
        attributes: Attributes {
            content_type: input.content_type.or_else(|| Some(UNSAID.to_owned())),
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            metadata: input.metadata.unwrap_or_default(),
            checksums: staged.checksums.clone(),
        },
    };
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(object.etag.clone())),
        ..PutObjectOutput::default()
    };
    set_checksums!(output, object.attributes.checksums.clone());
    let bucket = input.bucket;
    store
        .announcing(move |store| {
            store.publish(
                &staged,
                &bucket,
                &object,
                &condition,
                "ObjectCreated:Put",
                |_| Ok(()),
            )
        })
        .await?;
    Ok(output)
}

/// Answers an object's bytes, or a range of them, from the disk as they are taken.
pub(super) async fn get(store: &Arc<Store>, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    let (object, mut file) = open(store, &input.bucket, &input.key).await?;
    answers(
        &object,
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    let mut range = 0..object.size;
    let mut output = GetObjectOutput::default();
    if let Some(wanted) = input.range {
        range = wanted
            .check(object.size)
            .map_err(|_| s3_error!(InvalidRange))?;
        output.content_range = Some(content_range(&range, object.size));
    }
    let length = range.end.saturating_sub(range.start);
    if range.start > 0 {
        file.seek(SeekFrom::Start(range.start))
            .await
            .map_err(internal)?;
    }
    let whole = length == object.size;
    let attributes = object.attributes;
    output.body = Some(StreamingBlob::wrap(ReaderStream::with_capacity(
        file.take(length),
        CHUNK,
    )));
    output.accept_ranges = Some("bytes".to_owned());
    output.content_length = i64::try_from(length).ok();
    output.e_tag = Some(ETag::Strong(object.etag));
    output.last_modified = Some(timestamp(object.modified_ms)?);
    output.content_type = attributes.content_type;
    output.cache_control = attributes.cache_control;
    output.content_disposition = attributes.content_disposition;
    output.content_encoding = attributes.content_encoding;
    output.content_language = attributes.content_language;
    output.metadata = Some(attributes.metadata);
    if whole && wants_checksums(input.checksum_mode.as_ref()) {
        set_checksums!(output, attributes.checksums);
    }
    Ok(output)
}

/// Answers what [`get`] would, without the bytes.
pub(super) async fn head(store: &Arc<Store>, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let object = require(store, input.bucket, input.key).await?;
    answers(
        &object,
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    let attributes = object.attributes;
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(object.size).ok(),
        e_tag: Some(ETag::Strong(object.etag)),
        last_modified: Some(timestamp(object.modified_ms)?),
        content_type: attributes.content_type,
        cache_control: attributes.cache_control,
        content_disposition: attributes.content_disposition,
        content_encoding: attributes.content_encoding,
        content_language: attributes.content_language,
        metadata: Some(attributes.metadata),
        ..HeadObjectOutput::default()
    };
    if wants_checksums(input.checksum_mode.as_ref()) {
        set_checksums!(output, attributes.checksums);
    }
    Ok(output)
}

/// Removes objects; one that is not there is no error.
pub(super) async fn delete(store: &Arc<Store>, bucket: String, keys: Vec<String>) -> S3Result<()> {
    store
        .blocking(move |store| {
            store.change(|tx| {
                index::require_bucket(tx, &bucket)?;
                keys.iter()
                    .try_for_each(|key| index::delete(tx, &bucket, key))
            })
        })
        .await
}

/// A stored time as S3 answers it.
pub(super) fn timestamp(ms: i64) -> S3Result<Timestamp> {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| Timestamp::from(std::time::SystemTime::from(at)))
        .map_err(internal)
}

async fn require(store: &Arc<Store>, bucket: String, key: String) -> S3Result<Object> {
    store
        .blocking(move |store| {
            let index = store.index();
            index::require_bucket(&index, &bucket)?;
            index::find(&index, &bucket, &key)?.ok_or_else(|| s3_error!(NoSuchKey))
        })
        .await
}

/// Finds the object and opens its file.
///
/// The file may lose its last name between the two; then the object was replaced
/// or removed, and asking again tells which.
async fn open(store: &Arc<Store>, bucket: &str, key: &str) -> S3Result<(Object, File)> {
    let mut seen = None;
    loop {
        let object = require(store, bucket.to_owned(), key.to_owned()).await?;
        match File::open(store.blob(&object.blob)).await {
            Ok(file) => return Ok((object, file)),
            Err(error) if seen.as_ref() == Some(&object.blob) => return Err(internal(error)),
            Err(_) => seen = Some(object.blob),
        }
    }
}

fn answers(
    object: &Object,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let is = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    };
    if if_match.is_some_and(|condition| !is(condition)) {
        return Err(s3_error!(PreconditionFailed));
    }
    if if_none_match.is_some_and(is) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

fn wants_checksums(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

fn content_range(range: &std::ops::Range<u64>, size: u64) -> String {
    format!(
        "bytes {}-{}/{size}",
        range.start,
        range.end.saturating_sub(1)
    )
}
