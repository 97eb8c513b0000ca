//! Renditions that a photo is not shown by any more, since others were made by
//! another recipe.

use std::collections::{BTreeMap, HashMap};

use cloudalbum_domain::{OriginalKey, Photo, RenditionKey, Stage, State};
use jiff::Timestamp;

use crate::Reconciler;
use crate::objects::of;
use crate::report::{Mend, Run};

impl Reconciler {
    /// Removes those of `objects` that none of the photos `found` is shown by,
    /// once no page that showed them can still be open.
    pub(crate) async fn superseded(
        &self,
        run: &mut Run,
        objects: &[(String, Option<Timestamp>)],
        found: HashMap<OriginalKey, Photo>,
    ) -> anyhow::Result<()> {
        let until = run.before(self.limits.superseded);
        let mut left: BTreeMap<OriginalKey, Vec<&str>> = BTreeMap::new();
        for (key, at) in objects {
            let photo = of(key, RenditionKey::PREFIX).filter(|_| at.is_some_and(|at| at < until));
            let photo = photo.as_ref().and_then(|photo| found.get(photo));
            if let Some(photo) = photo.filter(|photo| is_left(photo, key, until)) {
                left.entry(photo.original()).or_default().push(key);
            }
        }
        for (key, objects) in left {
            if !run.dry_run {
                for object in objects {
                    self.bucket.remove_versions(object).await?;
                }
                self.make_sure(run, found.get(&key)).await?;
            }
            run.mend(Mend::Superseded, &key);
        }
        Ok(())
    }

    /// Has the renditions made again if somebody went back to the recipe whose
    /// objects were being removed: an attempt may have stored its own in
    /// between.
    async fn make_sure(&self, run: &Run, seen: Option<&Photo>) -> anyhow::Result<()> {
        let Some(seen) = seen else {
            return Ok(());
        };
        let Some(photo) = self.table.get(&seen.owner, seen.id).await? else {
            return Ok(());
        };
        if photo.thumbnails == seen.thumbnails {
            return Ok(());
        }
        let next = |photo: &Photo| photo.reprocess(&[Stage::Thumbnails], run.now);
        if let Some(photo) = self.commit(run, photo, next).await? {
            self.requeue.send(&[photo]).await?;
        }
        Ok(())
    }
}

/// Whether `photo` is final since before `until` and not shown by `object`.
fn is_left(photo: &Photo, object: &str, until: Timestamp) -> bool {
    let kept = matches!(photo.state, State::Live | State::Trashed);
    let finished = photo.thumbnails.finished_at().is_some_and(|at| at < until);
    let shown = photo.renditions();
    kept && finished && !shown.iter().any(|key| key.to_string() == object)
}
