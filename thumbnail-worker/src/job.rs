//! The thumbnail job for one original: fetch, render, store.

use std::sync::Arc;

use bytes::Bytes;
use cloudalbum_aws::attempt::{Attempts, unreadable};
use cloudalbum_aws::batch::{Delivery, JobError};
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_domain::{
    Failure, FailureCode, Photo, Recipe, Rendition, RenditionKey, Sha256, Thumbnails,
};
use cloudalbum_render::{Budget, Rendered, Rendition as Made, agrees, render, sniff};
use futures::future::try_join_all;
use tracing::info_span;

use crate::bounded::bounded;

/// What a job works with. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Job {
    /// Claims and marks.
    pub attempts: Attempts,
    /// Originals in, renditions out.
    pub bucket: Bucket,
    /// What is made.
    pub recipe: Arc<Recipe>,
    /// No original is larger, in bytes.
    pub max_original_bytes: u64,
}

impl Job {
    /// Runs the job for one delivered notification.
    pub async fn run(&self, delivery: Delivery) -> Result<(), JobError> {
        let work = |photo: Photo| async move { self.work(&photo).await };
        self.attempts
            .run(delivery, Photo::finish_thumbnails, work)
            .await
    }

    async fn work(&self, photo: &Photo) -> Result<Result<Thumbnails, Failure>, JobError> {
        match self
            .bucket
            .get(&photo.original(), self.max_original_bytes)
            .await
        {
            Ok(bytes) => self.make(photo, bytes).await,
            Err(error) => unreadable(error, FailureCode::DecodeMemoryBudget).map(Err),
        }
    }

    /// Renders off the async threads and stores what came of it.
    async fn make(
        &self,
        photo: &Photo,
        bytes: Bytes,
    ) -> Result<Result<Thumbnails, Failure>, JobError> {
        let recipe = Arc::clone(&self.recipe);
        let (promised, declared) = (photo.sha256, photo.content_type);
        let span = info_span!("render", size_bytes = bytes.len());
        let budget = Budget::default();
        let rendered = bounded(budget.time, move || {
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
            let made = render(&bytes, &recipe, &budget);
            made.map_err(|error| Failure::new(error.code(), error.to_string()))
        })
        .await;
        match rendered.map_err(JobError::transient)? {
            Ok(rendered) => Ok(Ok(self.store(photo, rendered).await?)),
            Err(failure) => Ok(Err(failure)),
        }
    }

    async fn store(&self, photo: &Photo, rendered: Rendered) -> Result<Thumbnails, JobError> {
        let recipe = self.recipe.version();
        let put = |rendition| self.put(photo, recipe, rendition);
        let renditions = try_join_all(rendered.renditions.into_iter().map(put)).await?;
        Ok(Thumbnails {
            recipe,
            width: rendered.width,
            height: rendered.height,
            thumbhash: data_encoding::BASE64.encode(&rendered.thumbhash),
            renditions,
            warnings: rendered.warnings.iter().map(ToString::to_string).collect(),
        })
    }

    async fn put(&self, photo: &Photo, recipe: u32, made: Made) -> Result<Rendition, JobError> {
        let key = RenditionKey {
            owner: photo.owner.clone(),
            photo: photo.id,
            recipe,
            name: made.name.to_owned(),
            media_type: made.media_type,
        };
        let rendition = Rendition {
            name: key.name.clone(),
            width: made.width,
            height: made.height,
            bytes: made.bytes.len() as u64,
            media_type: made.media_type,
        };
        let stored = self.bucket.put_rendition(&key, made.bytes).await;
        stored.map(|()| rendition).map_err(JobError::transient)
    }
}
