//! The thumbnail job for one original: claim, fetch, render, store, mark.

use std::sync::Arc;

use anyhow::anyhow;
use cloudalbum_aws::batch::{Delivery, JobError};
use cloudalbum_aws::bucket::{Bucket, GetError};
use cloudalbum_aws::table::{Claim, Table, TransitionError};
use cloudalbum_aws::telemetry;
use cloudalbum_domain::{
    Failure, FailureCode, Photo, Refused, Rendition, RenditionKey, Sha256, Stage, Thumbnails, Times,
};
use jiff::Timestamp;
use tracing::{Instrument as _, field, info, info_span};

use crate::render::{Recipe, Rendered, agrees, render, sniff};

/// What a job works with. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Job {
    /// Records.
    pub table: Table,
    /// Originals in, renditions out.
    pub bucket: Bucket,
    /// What is made.
    pub recipe: Arc<Recipe>,
    /// No original is larger, in bytes.
    pub max_original_bytes: u64,
}

impl Job {
    /// Runs the job for one delivered notification.
    ///
    /// A photo that can never be shown is recorded as failed and counts as
    /// done here; only what another attempt may mend is an error.
    pub async fn run(&self, delivery: Delivery) -> Result<(), JobError> {
        let span = info_span!(
            parent: None,
            "make thumbnails",
            otel.kind = "consumer",
            photo.id = %delivery.original.photo,
            owner.id = %delivery.original.owner,
            messaging.message.id = %delivery.message_id,
            messaging.message.receive_count = delivery.receive_count,
            error = field::Empty,
        );
        let claim = self
            .table
            .claim(&delivery.original, Stage::Thumbnails)
            .await
            .map_err(transient)?;
        let Claim::Work(photo) = claim else {
            info!(photo.id = %delivery.original.photo, ?claim, "nothing to do for this notification");
            return Ok(());
        };
        telemetry::join(&span, "thumbnail-worker", Some(&photo.trace_context));
        self.work(*photo, &delivery).instrument(span).await
    }

    async fn work(&self, photo: Photo, delivery: &Delivery) -> Result<(), JobError> {
        let generation = photo.thumbnails.generation;
        let outcome = match self
            .bucket
            .get(&photo.original(), self.max_original_bytes)
            .await
        {
            Ok(bytes) => self.make(&photo, bytes.to_vec()).await?,
            Err(GetError::Missing) => Err(Failure::new(
                FailureCode::OriginalMissing,
                "no object under the photo's key",
            )),
            Err(error @ GetError::TooLarge { .. }) => Err(Failure::new(
                FailureCode::DecodeMemoryBudget,
                error.to_string(),
            )),
            Err(GetError::Bucket(error)) => return Err(transient(error)),
        };
        if let Err(failure) = &outcome {
            tracing::Span::current().record("error", field::display(failure.code));
        }
        let times = Times {
            event: Some(delivery.event_time),
            thumbnails_queued: delivery.sent_at,
            thumbnails_received: Some(delivery.received_at),
            ..Times::default()
        };
        let finish = |photo: &Photo| {
            photo.finish_thumbnails(generation, outcome.clone(), &times, Timestamp::now())
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

    /// Renders off the async threads and stores what came of it.
    async fn make(
        &self,
        photo: &Photo,
        bytes: Vec<u8>,
    ) -> Result<Result<Thumbnails, Failure>, JobError> {
        let recipe = Arc::clone(&self.recipe);
        let (promised, declared) = (photo.sha256, photo.content_type);
        let span = info_span!("render", size_bytes = bytes.len());
        let rendered = tokio::task::spawn_blocking(move || {
            let _entered = span.entered();
            if Sha256::of(&bytes) != promised {
                return Err(Failure::new(
                    FailureCode::ChecksumMismatch,
                    "the stored bytes are not the promised ones",
                ));
            }
            let Some(found) = sniff(&bytes) else {
                return Err(Failure::new(
                    FailureCode::UnsupportedFormat,
                    "no known picture format",
                ));
            };
            if !agrees(declared, found) {
                let detail = format!("declared as {declared}, but it is {found}");
                return Err(Failure::new(FailureCode::TypeMismatch, detail));
            }
            render(&bytes, &recipe).map_err(|error| Failure::new(error.code(), error.to_string()))
        })
        .await;
        match rendered {
            Ok(Ok(rendered)) => Ok(Ok(self.store(photo, rendered).await?)),
            Ok(Err(failure)) => Ok(Err(failure)),
            // A decoder that panics on these bytes will do so again.
            Err(_) => Ok(Err(Failure::new(
                FailureCode::CorruptImage,
                "the decoder gave up",
            ))),
        }
    }

    async fn store(&self, photo: &Photo, rendered: Rendered) -> Result<Thumbnails, JobError> {
        let mut renditions = Vec::with_capacity(rendered.renditions.len());
        for rendition in rendered.renditions {
            let key = RenditionKey {
                owner: photo.owner.clone(),
                photo: photo.id,
                recipe: self.recipe.version,
                name: rendition.name.to_owned(),
                media_type: rendition.media_type,
            };
            renditions.push(Rendition {
                name: key.name.clone(),
                width: rendition.width,
                height: rendition.height,
                bytes: rendition.bytes.len() as u64,
                media_type: rendition.media_type,
            });
            self.bucket
                .put_rendition(&key, rendition.bytes)
                .await
                .map_err(transient)?;
        }
        Ok(Thumbnails {
            recipe: self.recipe.version,
            width: rendered.width,
            height: rendered.height,
            thumbhash: data_encoding::BASE64.encode(&rendered.thumbhash),
            renditions,
            warnings: rendered.warnings.iter().map(ToString::to_string).collect(),
        })
    }
}

fn transient(error: impl Into<anyhow::Error>) -> JobError {
    JobError::Transient(anyhow!(error.into()))
}
