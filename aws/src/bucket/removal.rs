//! Removing objects with all their versions, and uploads in parts that nobody
//! finishes.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadError;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Bucket, BucketError};

/// An upload in parts that was begun and neither completed nor given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The key it is for.
    pub key: String,
    /// S3's id of it.
    pub upload_id: String,
    /// When it was begun.
    pub begun_at: Option<Timestamp>,
}

impl Bucket {
    /// Removes every version of every object whose key starts with `prefix`,
    /// and answers how many there were.
    pub async fn remove_versions(&self, prefix: &str) -> Result<u64, BucketError> {
        let mut removed = 0;
        loop {
            let call = self.client.list_object_versions().bucket(&self.name);
            let listed = call.prefix(prefix).send().await;
            let listed = listed.map_err(|error| BucketError::new("ListObjectVersions", error))?;
            let versions = listed.versions.into_iter().flatten();
            let versions = versions.map(|version| (version.key, version.version_id));
            let markers = listed.delete_markers.into_iter().flatten();
            let markers = markers.map(|marker| (marker.key, marker.version_id));
            let mut objects = Vec::new();
            for (key, version) in versions.chain(markers) {
                let object = ObjectIdentifier::builder()
                    .set_key(key)
                    .set_version_id(version)
                    .build();
                objects.push(object.map_err(|error| BucketError::new("DeleteObjects", error))?);
            }
            if objects.is_empty() {
                return Ok(removed);
            }
            removed += u64::try_from(objects.len()).unwrap_or(0);
            self.delete_all(objects).await?;
            if listed.is_truncated != Some(true) {
                return Ok(removed);
            }
        }
    }

    async fn delete_all(&self, objects: Vec<ObjectIdentifier>) -> Result<(), BucketError> {
        let failed = |error: &str| BucketError::new("DeleteObjects", error.to_owned());
        let delete = Delete::builder()
            .set_objects(Some(objects))
            .quiet(true)
            .build()
            .map_err(|error| BucketError::new("DeleteObjects", error))?;
        let call = self.client.delete_objects().bucket(&self.name);
        let answer = call.delete(delete).send().await;
        let answer = answer.map_err(|error| BucketError::new("DeleteObjects", error))?;
        match answer.errors().first() {
            Some(error) => Err(failed(error.code().unwrap_or("refused"))),
            None => Ok(()),
        }
    }

    /// Lists unfinished uploads under `prefix` after `after`, at most 1,000,
    /// and whether there are more.
    pub async fn unfinished(
        &self,
        prefix: &str,
        after: Option<&Unfinished>,
    ) -> Result<(Vec<Unfinished>, bool), BucketError> {
        let call = self
            .client
            .list_multipart_uploads()
            .bucket(&self.name)
            .prefix(prefix)
            .set_key_marker(after.map(|upload| upload.key.clone()))
            .set_upload_id_marker(after.map(|upload| upload.upload_id.clone()));
        let answer = call.send().await;
        let answer = answer.map_err(|error| BucketError::new("ListMultipartUploads", error))?;
        let uploads = answer.uploads.into_iter().flatten().filter_map(|upload| {
            Some(Unfinished {
                key: upload.key?,
                upload_id: upload.upload_id?,
                begun_at: upload
                    .initiated
                    .and_then(|at| Timestamp::from_second(at.secs()).ok()),
            })
        });
        Ok((uploads.collect(), answer.is_truncated.unwrap_or(false)))
    }

    /// Gives an unfinished upload up; one that is not there is given up already.
    pub async fn give_up(&self, upload: &Unfinished) -> Result<(), BucketError> {
        let call = self
            .client
            .abort_multipart_upload()
            .bucket(&self.name)
            .key(&upload.key)
            .upload_id(&upload.upload_id);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), AbortMultipartUploadError::NoSuchUpload(_)) =>
            {
                Ok(())
            }
            Err(error) => Err(BucketError::new("AbortMultipartUpload", error)),
        }
    }
}
