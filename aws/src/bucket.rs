//! The bucket of originals and renditions, and the URLs that open it.

use std::error::Error as StdError;
use std::ops::Range;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use cloudalbum_domain::{OriginalKey, RenditionKey};
use jiff::Timestamp;

mod copy;
mod multipart;
mod removal;

pub use multipart::{HeldPart, Joined};
pub use removal::Unfinished;

/// The bucket, through a client.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

/// What an object is, from a HEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// In bytes.
    pub size: u64,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

impl Bucket {
    /// The bucket `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks for an object's size, or `None` when there is none.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, BucketError> {
        match self
            .client
            .head_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await
        {
            Ok(head) => Ok(Some(Head {
                size: u64::try_from(head.content_length.unwrap_or(0)).unwrap_or(0),
                created_at: head
                    .last_modified
                    .and_then(|at| Timestamp::from_second(at.secs()).ok()),
            })),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => Ok(None),
            Err(error) => Err(BucketError::new("HeadObject", error)),
        }
    }

    /// Reads a whole original of at most `limit` bytes.
    pub async fn get(&self, key: &OriginalKey, limit: u64) -> Result<Bytes, GetError> {
        let answer = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key.to_string())
            .send()
            .await
            .map_err(classify)?;
        let length = u64::try_from(answer.content_length.unwrap_or(0)).unwrap_or(u64::MAX);
        if length > limit {
            return Err(GetError::TooLarge { limit });
        }
        read_bounded(answer.body, limit).await
    }

    /// Reads a part of an original and tells how long the whole is.
    pub async fn get_range(
        &self,
        key: &OriginalKey,
        range: Range<u64>,
    ) -> Result<(Bytes, u64), GetError> {
        let length = range.end.saturating_sub(range.start);
        let header = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
        let call = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key.to_string())
            .range(header);
        let answer = call.send().await.map_err(classify)?;
        let total = answer
            .content_range
            .as_deref()
            .and_then(|range| range.rsplit('/').next()?.parse().ok());
        let total = total.or_else(|| {
            answer
                .content_length
                .and_then(|length| u64::try_from(length).ok())
        });
        let bytes = read_bounded(answer.body, length).await?;
        Ok((bytes, total.unwrap_or(length)))
    }

    /// Writes a rendition. Writing it again changes nothing.
    pub async fn put_rendition(
        &self,
        key: &RenditionKey,
        bytes: Vec<u8>,
    ) -> Result<(), BucketError> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key.to_string())
            .content_type(key.media_type.as_str())
            .cache_control("private, max-age=31536000, immutable")
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map(drop)
            .map_err(|error| BucketError::new("PutObject", error))
    }

    /// Removes an object; one that is not there is removed already.
    pub async fn delete(&self, key: &str) -> Result<(), BucketError> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        call.send()
            .await
            .map(drop)
            .map_err(|error| BucketError::new("DeleteObject", error))
    }

    /// Lists keys under `prefix` after `after`, at most 1,000, and whether
    /// there are more.
    pub async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<(Vec<(String, Option<Timestamp>)>, bool), BucketError> {
        let call = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix);
        let answer = call.set_start_after(after.map(str::to_owned)).send().await;
        let answer = answer.map_err(|error| BucketError::new("ListObjectsV2", error))?;
        let keys = answer.contents.into_iter().flatten().filter_map(|object| {
            let at = object
                .last_modified
                .and_then(|at| Timestamp::from_second(at.secs()).ok());
            Some((object.key?, at))
        });
        Ok((keys.collect(), answer.is_truncated.unwrap_or(false)))
    }

    /// Creates the bucket where Terraform has not made it.
    pub async fn create_missing(&self) -> Result<(), BucketError> {
        if self
            .client
            .head_bucket()
            .bucket(&self.name)
            .send()
            .await
            .is_ok()
        {
            return Ok(());
        }
        let call = self.client.create_bucket().bucket(&self.name);
        call.send()
            .await
            .map(drop)
            .map_err(|error| BucketError::new("CreateBucket", error))
    }

    /// Whether the bucket answers.
    pub async fn ready(&self) -> Result<(), BucketError> {
        let call = self.client.head_bucket().bucket(&self.name);
        call.send()
            .await
            .map(drop)
            .map_err(|error| BucketError::new("HeadBucket", error))
    }
}

/// Reads a body that may not be longer than `limit`.
async fn read_bounded(mut body: ByteStream, limit: u64) -> Result<Bytes, GetError> {
    let promised = body.size_hint().0.min(limit);
    let mut read = BytesMut::with_capacity(usize::try_from(promised).unwrap_or_default());
    while let Some(chunk) = body
        .try_next()
        .await
        .map_err(|error| BucketError::new("GetObject", error))?
    {
        let length = u64::try_from(read.len() + chunk.len()).unwrap_or(u64::MAX);
        if length > limit {
            return Err(GetError::TooLarge { limit });
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}

fn classify<R>(error: SdkError<GetObjectError, R>) -> GetError
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.as_service_error() {
        Some(GetObjectError::NoSuchKey(_)) => GetError::Missing,
        _ => GetError::Bucket(BucketError::new("GetObject", error)),
    }
}

/// Why an original could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// It is not there.
    #[error("no such object")]
    Missing,
    /// It is longer than any photo may be.
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// S3 could not be asked.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

/// S3 could not be asked or refused. Always worth another try later.
#[derive(Debug, thiserror::Error)]
#[error("bucket unavailable: {call}")]
pub struct BucketError {
    /// Which call failed.
    pub call: &'static str,
    #[source]
    source: Box<dyn StdError + Send + Sync>,
}

impl BucketError {
    pub(crate) fn new(
        call: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            call,
            source: source.into(),
        }
    }
}
