//! The metadata job for one original: claim, fetch the head, extract, name the
//! place, mark.

use std::sync::Arc;

use anyhow::anyhow;
use cloudalbum_aws::batch::{Delivery, JobError};
use cloudalbum_aws::bucket::{Bucket, GetError};
use cloudalbum_aws::table::{Claim, Table, TransitionError};
use cloudalbum_aws::telemetry;
use cloudalbum_domain::{
    EditedField, Failure, FailureCode, Metadata, Photo, Place, Refused, Stage, Times,
};
use cloudalbum_places::Places;
use jiff::Timestamp;
use tracing::{Instrument as _, field, info, info_span};

use crate::extract::{Extraction, HEAD, Original, extract};
use crate::zone::Zones;

/// What a job works with. Clones are cheap.
#[derive(Clone)]
pub struct Job {
    /// Records.
    pub table: Table,
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
        let span = info_span!(
            parent: None,
            "read metadata",
            otel.kind = "consumer",
            photo.id = %delivery.original.photo,
            owner.id = %delivery.original.owner,
            messaging.message.id = %delivery.message_id,
            messaging.message.receive_count = delivery.receive_count,
            error = field::Empty,
        );
        let claim = self
            .table
            .claim(&delivery.original, Stage::Metadata)
            .await
            .map_err(transient)?;
        let Claim::Work(photo) = claim else {
            info!(photo.id = %delivery.original.photo, ?claim, "nothing to do for this notification");
            return Ok(());
        };
        telemetry::join(&span, "metadata-worker", Some(&photo.trace_context));
        self.work(*photo, &delivery).instrument(span).await
    }

    async fn work(&self, photo: Photo, delivery: &Delivery) -> Result<(), JobError> {
        let generation = photo.metadata.generation;
        let outcome = match self.read(&photo).await {
            Ok(metadata) => Ok(self.locate(&photo, metadata).await?),
            Err(GetError::Missing) => Err(Failure::new(
                FailureCode::OriginalMissing,
                "no object under the photo's key",
            )),
            Err(error @ GetError::TooLarge { .. }) => {
                Err(Failure::new(FailureCode::CorruptImage, error.to_string()))
            }
            Err(GetError::Bucket(error)) => return Err(transient(error)),
        };
        let times = Times {
            event: Some(delivery.event_time),
            metadata_queued: delivery.sent_at,
            metadata_received: Some(delivery.received_at),
            ..Times::default()
        };
        let finish = |photo: &Photo| {
            photo.finish_metadata(generation, outcome.clone(), &times, Timestamp::now())
        };
        match self.table.transition_from(photo, finish).await {
            // Another attempt was faster, or the photo went to the trash.
            Ok(_)
            | Err(
                TransitionError::Refused(Refused::Stale | Refused::NotLive)
                | TransitionError::Unknown,
            ) => Ok(()),
            Err(error) => Err(transient(error)),
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
            match extract(&original) {
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
        let span = info_span!("name place");
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
        named.map_err(transient)?.map_err(transient)
    }
}

fn transient(error: impl Into<anyhow::Error>) -> JobError {
    JobError::Transient(anyhow!(error.into()))
}
