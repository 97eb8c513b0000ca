//! Photos whose time is over: trashed long ago, claimed for removal, or of
//! bytes that nobody promised.

use cloudalbum_aws::table::BacklogCursor;
use cloudalbum_domain::{FailureCode, Photo, Stage, State};

use crate::Reconciler;
use crate::report::{Mend, Run};

impl Reconciler {
    /// Purges what went to the trash too long ago.
    pub(crate) async fn trash(&self, run: &mut Run) -> anyhow::Result<()> {
        let until = run.before(self.limits.trash);
        for _ in 0..self.limits.pages {
            let start = BacklogCursor::default();
            let page = self.table.trashed(until, start, self.limits.page).await?;
            run.look(page.photos.len());
            let mut purged = false;
            for photo in self.read(&page.photos).await? {
                let next = |photo: &Photo| photo.empty(until, run.now);
                if let Some(claimed) = self.commit(run, photo, next).await? {
                    purged = true;
                    run.mend(Mend::Purged, &claimed.original());
                    self.remove(run, claimed).await;
                }
            }
            // What is purged leaves the index, so the next page is the first again.
            if page.next.is_none() || !purged || run.dry_run {
                break;
            }
        }
        Ok(())
    }

    /// Does removals to the end that were only claimed.
    pub(crate) async fn deleting(&self, run: &mut Run) -> anyhow::Result<()> {
        let mut place = BacklogCursor::default();
        for _ in 0..self.limits.pages {
            let page = self
                .table
                .deleting(run.now, place, self.limits.page)
                .await?;
            run.look(page.photos.len());
            for photo in self.read(&page.photos).await? {
                let key = photo.original();
                let claimed = photo.state == State::Deleting;
                if claimed && self.remove(run, photo).await {
                    run.mend(Mend::Removed, &key);
                }
            }
            match page.next {
                Some(next) => place = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Removes photos of bytes that nobody promised, once their owners had
    /// time to see why.
    pub(crate) async fn mismatches(&self, run: &mut Run) -> anyhow::Result<()> {
        let until = run.before(self.limits.arrival);
        let place = BacklogCursor::until(until);
        let code = FailureCode::ChecksumMismatch;
        let page = self
            .table
            .failures(Stage::Thumbnails, code, place, self.limits.page)
            .await?;
        run.look(page.photos.len());
        for photo in self.read(&page.photos).await? {
            let next = |photo: &Photo| match photo.thumbnails.failure() {
                Some((failure, _, at)) if failure.code == code && at < until => {
                    photo.delete(run.now)
                }
                _ => Err(cloudalbum_domain::Refused::Stale),
            };
            if let Some(claimed) = self.commit(run, photo, next).await? {
                run.mend(Mend::Mismatch, &claimed.original());
                self.remove(run, claimed).await;
            }
        }
        Ok(())
    }
}
