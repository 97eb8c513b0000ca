//! Removing what a photo left: its original with every version, renditions,
//! unfinished uploads; then the tombstone, and the quota.

use std::time::Duration;

use anyhow::Context as _;
use cloudalbum_aws::table::Usage;
use cloudalbum_domain::{Photo, RenditionKey};

use crate::Reconciler;
use crate::report::Run;

/// Far shorter than the lease, so that two never remove at a time: what a slow
/// one removes could be a new upload already.
const PATIENCE: Duration = Duration::from_mins(2);

impl Reconciler {
    /// Removes the objects of a photo that is claimed for removal, and answers
    /// whether it is gone. Somebody else may be at it, or it may fail: then a
    /// later run takes it over.
    pub(crate) async fn remove(&self, run: &mut Run, photo: Photo) -> bool {
        if run.dry_run {
            return true;
        }
        let key = photo.original();
        match Box::pin(self.try_to_remove(run, photo)).await {
            Ok(gone) => gone,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(photo.id = %key.photo, error, "a photo's objects are not removed");
                run.report.errors += 1;
                false
            }
        }
    }

    async fn try_to_remove(&self, run: &Run, photo: Photo) -> anyhow::Result<bool> {
        let lease_ended = run.before(self.limits.lease);
        let take = |photo: &Photo| photo.take_removal(lease_ended, run.now);
        let Some(photo) = self.commit(run, photo, take).await? else {
            return Ok(false);
        };
        let objects = tokio::time::timeout(PATIENCE, self.remove_objects(&photo));
        objects
            .await
            .context("the objects took too long to remove")??;
        let counted = !photo.uncounted;
        let Some(buried) = self.commit(run, photo, |photo| photo.bury(run.now)).await? else {
            return Ok(false);
        };
        // When this is not reached, the counters are corrected one day.
        if counted {
            let freed = Usage {
                bytes: buried.filesize,
                photos: 1,
            };
            self.table.release(&buried.owner, freed).await?;
        }
        Ok(true)
    }

    async fn remove_objects(&self, photo: &Photo) -> anyhow::Result<()> {
        let original = photo.original().to_string();
        loop {
            let (unfinished, more) = self.bucket.unfinished(&original, None).await?;
            for upload in &unfinished {
                self.bucket.give_up(upload).await?;
            }
            if !more {
                break;
            }
        }
        let renditions = RenditionKey::prefix(&photo.owner, photo.id);
        self.bucket.remove_versions(&renditions).await?;
        self.bucket.remove_versions(&original).await?;
        Ok(())
    }
}
