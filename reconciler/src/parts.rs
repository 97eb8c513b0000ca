//! Uploads in parts that nobody finishes any more.

use cloudalbum_aws::bucket::Unfinished;
use cloudalbum_domain::{OriginalKey, State};
use jiff::Timestamp;

use crate::Reconciler;
use crate::report::{Mend, Run};

const WALK: &str = "parts";

impl Reconciler {
    pub(crate) async fn parts(&self, run: &mut Run) -> anyhow::Result<()> {
        let until = run.before(self.limits.arrival);
        let mut place: Option<Unfinished> = self.place(WALK).await?;
        for _ in 0..self.limits.pages {
            let prefix = OriginalKey::PREFIX;
            let (uploads, more) = self.bucket.unfinished(prefix, place.as_ref()).await?;
            run.look(uploads.len());
            for upload in &uploads {
                if self.is_over(upload, until).await? {
                    run.tell(Mend::Parts, &upload.key);
                    if !run.dry_run {
                        self.bucket.give_up(upload).await?;
                    }
                }
            }
            place = uploads.last().filter(|_| more).cloned();
            self.keep(run, WALK, place.as_ref()).await?;
            if place.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Whether an old upload is not the one that its photo waits for.
    async fn is_over(&self, upload: &Unfinished, until: Timestamp) -> anyhow::Result<bool> {
        if upload.begun_at.is_none_or(|at| at >= until) {
            return Ok(false);
        }
        let Ok(key) = upload.key.parse::<OriginalKey>() else {
            return Ok(false);
        };
        let photo = self.table.get(&key.owner, key.photo).await?;
        Ok(photo.is_none_or(|photo| {
            photo.state != State::Live || photo.multipart.as_deref() != Some(&*upload.upload_id)
        }))
    }
}
