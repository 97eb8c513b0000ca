//! Objects of the bucket that belong to no photo.

use std::collections::{BTreeMap, HashMap};

use cloudalbum_domain::{Filename, OriginalKey, OwnerId, Photo, PhotoId, RenditionKey, State};
use jiff::Timestamp;

use crate::Reconciler;
use crate::report::{Mend, Run};

impl Reconciler {
    /// Removes originals without a record.
    pub(crate) async fn originals(&self, run: &mut Run) -> anyhow::Result<()> {
        self.objects(run, "originals", OriginalKey::PREFIX, Mend::Original)
            .await
    }

    /// Removes renditions without a photo.
    pub(crate) async fn renditions(&self, run: &mut Run) -> anyhow::Result<()> {
        self.objects(run, "renditions", RenditionKey::PREFIX, Mend::Rendition)
            .await
    }

    async fn objects(
        &self,
        run: &mut Run,
        walk: &str,
        prefix: &str,
        mend: Mend,
    ) -> anyhow::Result<()> {
        let mut place: Option<String> = self.place(walk).await?;
        for _ in 0..self.limits.pages {
            let (objects, more) = self.bucket.list(prefix, place.as_deref()).await?;
            run.look(objects.len());
            let old = old(&objects, prefix, run.before(self.limits.orphan));
            for key in self.orphans(old).await? {
                if self.remove_orphan(run, &key).await? {
                    run.mend(mend, &key);
                }
            }
            place = objects.last().filter(|_| more).map(|(key, _)| key.clone());
            self.keep(run, walk, place.as_ref()).await?;
            if place.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Those of `keys` that no photo stands behind.
    async fn orphans(
        &self,
        keys: BTreeMap<OwnerId, Vec<PhotoId>>,
    ) -> anyhow::Result<Vec<OriginalKey>> {
        let mut orphans = Vec::new();
        for (owner, ids) in keys {
            let found: HashMap<PhotoId, Photo> =
                self.table.get_many(&owner, ids.iter().copied()).await?;
            let gone = |id: &PhotoId| {
                found
                    .get(id)
                    .is_none_or(|photo| photo.state == State::Deleted)
            };
            orphans.extend(ids.into_iter().filter(gone).map(|photo| OriginalKey {
                owner: owner.clone(),
                photo,
            }));
        }
        Ok(orphans)
    }

    /// Removes under the same claim as a photo, so that a new upload of the
    /// same bytes waits until it is over.
    async fn remove_orphan(&self, run: &mut Run, key: &OriginalKey) -> anyhow::Result<bool> {
        if run.dry_run {
            return Ok(true);
        }
        let claimed = if let Some(photo) = self.table.get(&key.owner, key.photo).await? {
            let next = |photo: &Photo| photo.reclaim(run.now);
            self.commit(run, photo, next).await?
        } else {
            let name = Filename::try_from(key.photo.to_string())?;
            let photo = Photo::unknown(key, name, run.now);
            let taken = self.table.insert(std::slice::from_ref(&photo)).await?;
            taken.is_empty().then_some(photo)
        };
        match claimed {
            Some(photo) => Ok(self.remove(run, photo).await),
            None => Ok(false),
        }
    }
}

/// The photos of objects older than `until`, each once.
fn old(
    objects: &[(String, Option<Timestamp>)],
    prefix: &str,
    until: Timestamp,
) -> BTreeMap<OwnerId, Vec<PhotoId>> {
    let mut photos: BTreeMap<OwnerId, Vec<PhotoId>> = BTreeMap::new();
    for (key, at) in objects {
        let mut segments = key.strip_prefix(prefix).unwrap_or_default().split('/');
        let owner = segments.next().and_then(|owner| owner.parse().ok());
        let photo = segments.next().and_then(|photo| photo.parse().ok());
        let is_old = at.is_some_and(|at| at < until);
        if let (true, Some(owner), Some(photo)) = (is_old, owner, photo) {
            let of_owner = photos.entry(owner).or_default();
            // The renditions of a photo follow each other.
            if of_owner.last() != Some(&photo) {
                of_owner.push(photo);
            }
        }
    }
    photos
}
