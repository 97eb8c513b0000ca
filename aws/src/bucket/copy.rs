//! Objects that go to another bucket by way of a file.

use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use cloudalbum_domain::{MediaType, OriginalKey, RenditionKey, Sha256};

use super::{Bucket, BucketError, GetError, classify};

impl Bucket {
    /// Writes an object into a file, which it replaces; returns its length in bytes.
    pub async fn fetch(&self, key: &str, file: &Path) -> Result<u64, GetError> {
        let call = self.client.get_object().bucket(&self.name).key(key);
        let answer = call.send().await.map_err(classify)?;
        let failed = |error: std::io::Error| BucketError::new("GetObject", error);
        let mut file = tokio::fs::File::create(file).await.map_err(failed)?;
        let mut body = answer.body.into_async_read();
        let copied = tokio::io::copy(&mut body, &mut file).await;
        file.sync_data().await.map_err(failed)?;
        Ok(copied.map_err(failed)?)
    }

    /// Stores a file as an original; S3 refuses one that is not `sha256`.
    pub async fn store_original(
        &self,
        key: &OriginalKey,
        media_type: MediaType,
        sha256: &Sha256,
        file: &Path,
    ) -> Result<(), BucketError> {
        let call = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key.to_string())
            .content_type(media_type.as_str())
            .checksum_sha256(sha256.base64())
            .body(read(file).await?);
        call.send()
            .await
            .map(drop)
            .map_err(|error| BucketError::new("PutObject", error))
    }

    /// Stores a file as a rendition.
    pub async fn store_rendition(
        &self,
        key: &RenditionKey,
        file: &Path,
    ) -> Result<(), BucketError> {
        let bytes = tokio::fs::read(file).await;
        let bytes = bytes.map_err(|error| BucketError::new("PutObject", error))?;
        self.put_rendition(key, bytes).await
    }
}

async fn read(file: &Path) -> Result<ByteStream, BucketError> {
    let body = ByteStream::from_path(file).await;
    body.map_err(|error| BucketError::new("PutObject", error))
}
