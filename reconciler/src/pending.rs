//! Photos that wait too long: their messages are sent again, they time out, or
//! they never arrived.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use cloudalbum_aws::table::{BacklogCursor, TransitionError};
use cloudalbum_domain::{OriginalKey, OwnerId, Photo, PhotoId, Stage};
use jiff::Timestamp;

use crate::Reconciler;
use crate::report::{Mend, Run};

const WALK: &str = "pending";

impl Reconciler {
    pub(crate) async fn pending(&self, run: &mut Run) -> anyhow::Result<()> {
        let paused = self.table.paused().await?;
        let paused: BTreeSet<Stage> = paused.iter().map(|pause| pause.stage).collect();
        let until = run.before(self.limits.grace);
        let mut place: BacklogCursor = self.place(WALK).await?;
        for _ in 0..self.limits.pages {
            let page = self.table.pending(until, place, self.limits.page).await?;
            run.look(page.photos.len());
            let mut waiting = Vec::new();
            for photo in self.read(&page.photos).await? {
                waiting.extend(self.wait(run, photo, &paused).await?);
            }
            self.requeue.send(&waiting).await?;
            self.keep(run, WALK, page.next.as_ref()).await?;
            match page.next {
                Some(next) => place = next,
                None => break,
            }
        }
        Ok(())
    }

    /// The records of `keys` as they are now: the index may lag behind.
    pub(crate) async fn read(&self, keys: &[OriginalKey]) -> anyhow::Result<Vec<Photo>> {
        let mut by_owner: BTreeMap<&OwnerId, Vec<PhotoId>> = BTreeMap::new();
        for key in keys {
            by_owner.entry(&key.owner).or_default().push(key.photo);
        }
        let mut photos = Vec::with_capacity(keys.len());
        for (owner, ids) in by_owner {
            photos.extend(self.table.get_many(owner, ids).await?.into_values());
        }
        Ok(photos)
    }

    /// Mends one photo, and answers it when its messages are to be sent.
    async fn wait(
        &self,
        run: &mut Run,
        photo: Photo,
        paused: &BTreeSet<Stage>,
    ) -> anyhow::Result<Option<Photo>> {
        let until = run.before(self.patience(photo.requeues));
        let late = photo.pending_since().is_some_and(|since| since < until);
        if !late || stages(&photo).all(|stage| paused.contains(&stage)) {
            return Ok(None);
        }
        let key = photo.original();
        let here = photo.has_arrived() || self.bucket.head(&key.to_string()).await?.is_some();
        if !here {
            self.expire(run, photo).await?;
            return Ok(None);
        }
        let tried = photo.thumbnails_attempts + photo.metadata_attempts > 0;
        let most = if tried {
            self.limits.requeues
        } else {
            self.limits.most_requeues
        };
        // A stage that is paused is not at fault for what waits.
        let gives_up = photo.requeues >= most && paused.is_empty();
        let mend = if gives_up {
            Mend::TimedOut
        } else {
            Mend::Requeued
        };
        let next = |photo: &Photo| match mend {
            Mend::TimedOut => photo.time_out(until, run.now),
            _ => photo.requeue(until, run.now),
        };
        let mended = self.commit(run, photo, next).await?;
        if let Some(photo) = &mended {
            run.mend(mend, &key);
            if mend == Mend::TimedOut && !run.dry_run {
                self.telemetry.finished(photo);
            }
        }
        Ok(mended.filter(|_| mend == Mend::Requeued && !run.dry_run))
    }

    /// How long a photo waits whose messages were sent again so often.
    fn patience(&self, requeues: u32) -> jiff::SignedDuration {
        let doubled = 1 << requeues.min(16);
        self.limits
            .grace
            .checked_mul(doubled)
            .unwrap_or(self.limits.grace)
    }

    async fn expire(&self, run: &mut Run, photo: Photo) -> anyhow::Result<()> {
        let until = run.before(self.limits.arrival);
        let next = |photo: &Photo| photo.expire(until, run.now);
        if let Some(claimed) = self.commit(run, photo, next).await? {
            run.mend(Mend::Expired, &claimed.original());
            self.remove(run, claimed).await;
        }
        Ok(())
    }

    /// Commits a mend, unless the record is in no state for it any more. A dry
    /// run answers what would be committed.
    pub(crate) async fn commit(
        &self,
        run: &Run,
        photo: Photo,
        next: impl Fn(&Photo) -> Result<Photo, cloudalbum_domain::Refused>,
    ) -> anyhow::Result<Option<Photo>> {
        if run.dry_run {
            return Ok(next(&photo).ok());
        }
        match Box::pin(self.table.transition_from(photo, next)).await {
            Ok(photo) => Ok(Some(photo)),
            Err(TransitionError::Refused(_) | TransitionError::Unknown) => Ok(None),
            Err(TransitionError::Table(error)) => Err(error).context("cannot commit a mend"),
        }
    }
}

fn stages(photo: &Photo) -> impl Iterator<Item = Stage> {
    let waits = |since: Option<Timestamp>, stage| since.map(|_| stage);
    let thumbnails = waits(photo.thumbnails.pending_since(), Stage::Thumbnails);
    let metadata = waits(photo.metadata.pending_since(), Stage::Metadata);
    thumbnails.into_iter().chain(metadata)
}
