//! The metadata job for one original: fetch the head, extract, name the place.

use std::sync::Arc;

use cloudalbum_aws::attempt::{Attempts, unreadable};
use cloudalbum_aws::batch::{Delivery, JobError};
use cloudalbum_aws::bucket::{Bucket, GetError};
use cloudalbum_domain::{EditedField, Failure, FailureCode, Metadata, Photo, Place};
use cloudalbum_extract::{Extraction, HEAD, Original, extract};
use cloudalbum_places::Places;
use cloudalbum_places::zone::Zones;
use tracing::info_span;

/// What a job works with. Clones are cheap.
#[derive(Clone)]
pub struct Job {
    /// Claims and marks.
    pub attempts: Attempts,
    /// Originals.
    pub bucket: Bucket,
    /// Names of places.
    pub places: Arc<Places>,
    /// Time zones of places, loaded when an offset is first missing.
    pub zones: Arc<Zones>,
}

/// What the file says, and the name of the place.
type Found = (Metadata, Option<Place>);

impl Job {
    /// Runs the job for one delivered notification.
    pub async fn run(&self, delivery: Delivery) -> Result<(), JobError> {
        let work = |photo: Photo| async move { self.work(&photo).await };
        self.attempts
            .run(delivery, Photo::finish_metadata, work)
            .await
    }

    async fn work(&self, photo: &Photo) -> Result<Result<Found, Failure>, JobError> {
        match self.read(photo).await {
            Ok(metadata) => self.locate(photo, metadata).await.map(Ok),
            Err(error) => unreadable(error, FailureCode::CorruptImage).map(Err),
        }
    }

    /// Fetches as little of the original as its metadata takes.
    async fn read(&self, photo: &Photo) -> Result<Metadata, GetError> {
        let key = photo.original();
        let (head, length) = self
            .bucket
            .get_range(&key, 0..HEAD.min(photo.filesize.max(1)))
            .await?;
        let mut original = Original::new(length);
        original.add(0, head.to_vec());
        loop {
            match info_span!("extract").in_scope(|| extract(&original)) {
                Extraction::Done(metadata, warnings) => {
                    let bytes_read = Some(original.bytes_read());
                    let warnings = warnings.iter().map(ToString::to_string).collect();
                    return Ok(Metadata {
                        bytes_read,
                        warnings,
                        ..*metadata
                    });
                }
                Extraction::Need(range) => {
                    let (bytes, _) = self.bucket.get_range(&key, range.clone()).await?;
                    original.add(range.start, bytes.to_vec());
                }
            }
        }
    }

    /// Names the place of the owner's pin, else of the file's own position.
    async fn locate(&self, photo: &Photo, metadata: Metadata) -> Result<Found, JobError> {
        let pinned = photo.edited.contains(&EditedField::Location);
        let point = if pinned {
            photo.location
        } else {
            metadata.location
        };
        let (places, zones) = (Arc::clone(&self.places), Arc::clone(&self.zones));
        let span = info_span!("place");
        let named = tokio::task::spawn_blocking(move || {
            let _entered = span.entered();
            let place = point
                .map(|point| places.place(point))
                .transpose()?
                .flatten();
            let taken = metadata.taken.map(|taken| match metadata.location {
                Some(point) => zones.complete(taken, point),
                None => taken,
            });
            anyhow::Ok((Metadata { taken, ..metadata }, place))
        })
        .await;
        named
            .map_err(JobError::transient)?
            .map_err(JobError::transient)
    }
}
