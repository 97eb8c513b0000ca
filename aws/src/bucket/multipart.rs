//! Originals that arrive in parts: begun, listed, signed part by part, joined.

use std::collections::BTreeMap;

use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadError;
use aws_sdk_s3::operation::list_parts::ListPartsError;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Part};
use cloudalbum_domain::{MediaType, OriginalKey, Sha256};

use super::{Bucket, BucketError};

/// A part that S3 holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPart {
    /// Its bytes' hash; every part is signed with one.
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
    etag: String,
}

/// How joining the parts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The object is there now.
    Created,
    /// An object was there before; nothing was overwritten.
    AlreadyThere,
    /// S3 does not know the upload: it was joined, given up or has expired.
    UnknownUpload,
    /// A part is not there or not as it was listed.
    PartMissing,
    /// Somebody else is writing the object right now: try again.
    Conflict,
}

impl Bucket {
    /// Begins an upload in parts and answers its id.
    pub async fn begin_parts(
        &self,
        key: &OriginalKey,
        media_type: MediaType,
    ) -> Result<String, BucketError> {
        let call = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(key.to_string())
            .content_type(media_type.as_str())
            .checksum_algorithm(ChecksumAlgorithm::Sha256);
        let begun = call
            .send()
            .await
            .map_err(|error| BucketError::new("CreateMultipartUpload", error))?;
        begun
            .upload_id
            .ok_or_else(|| BucketError::new("CreateMultipartUpload", "S3 gave no upload id"))
    }

    /// The parts that S3 holds, by number, or `None` when it does not know the
    /// upload. A part without a SHA-256 was not signed by us and is left out.
    pub async fn parts(
        &self,
        key: &OriginalKey,
        upload: &str,
    ) -> Result<Option<BTreeMap<u32, HeldPart>>, BucketError> {
        let mut held = BTreeMap::new();
        let mut pages = self
            .client
            .list_parts()
            .bucket(&self.name)
            .key(key.to_string())
            .upload_id(upload)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => held.extend(page.parts.into_iter().flatten().filter_map(held_part)),
                Err(error) if is_unknown(&error) => return Ok(None),
                Err(error) => return Err(BucketError::new("ListParts", error)),
            }
        }
        Ok(Some(held))
    }

    /// Makes one object of the parts, create-only.
    pub async fn join_parts(
        &self,
        key: &OriginalKey,
        upload: &str,
        parts: &BTreeMap<u32, HeldPart>,
    ) -> Result<Joined, BucketError> {
        let mut named = CompletedMultipartUpload::builder();
        for (number, part) in parts {
            let number = i32::try_from(*number);
            let part = CompletedPart::builder()
                .part_number(
                    number.map_err(|error| BucketError::new("CompleteMultipartUpload", error))?,
                )
                .e_tag(&part.etag)
                .checksum_sha256(part.sha256.base64());
            named = named.parts(part.build());
        }
        let call = self
            .client
            .complete_multipart_upload()
            .bucket(&self.name)
            .key(key.to_string())
            .upload_id(upload)
            .multipart_upload(named.build())
            .if_none_match("*");
        match call.send().await {
            Ok(_) => Ok(Joined::Created),
            Err(error) => refused(error),
        }
    }

    /// Gives an upload in parts up; one that S3 does not know is given up already.
    pub async fn abort_parts(&self, key: &OriginalKey, upload: &str) -> Result<(), BucketError> {
        let call = self
            .client
            .abort_multipart_upload()
            .bucket(&self.name)
            .key(key.to_string())
            .upload_id(upload);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(()),
            Err(error) => Err(BucketError::new("AbortMultipartUpload", error)),
        }
    }
}

fn held_part(part: Part) -> Option<(u32, HeldPart)> {
    let number = u32::try_from(part.part_number?).ok()?;
    let held = HeldPart {
        sha256: Sha256::from_base64(part.checksum_sha256.as_deref()?).ok()?,
        size: u64::try_from(part.size?).ok()?,
        etag: part.e_tag?,
    };
    Some((number, held))
}

fn is_unknown<R>(error: &SdkError<ListPartsError, R>) -> bool {
    error.as_service_error().and_then(|error| error.code()) == Some("NoSuchUpload")
}

/// What S3's refusals mean, by its list of error codes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>).
fn refused<R>(error: SdkError<CompleteMultipartUploadError, R>) -> Result<Joined, BucketError>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.as_service_error().and_then(|error| error.code()) {
        Some("PreconditionFailed") => Ok(Joined::AlreadyThere),
        Some("NoSuchUpload") => Ok(Joined::UnknownUpload),
        Some("InvalidPart") => Ok(Joined::PartMissing),
        Some("ConditionalRequestConflict") => Ok(Joined::Conflict),
        _ => Err(BucketError::new("CompleteMultipartUpload", error)),
    }
}
