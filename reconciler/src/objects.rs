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
            let found = self.behind(&old).await?;
            for key in orphans(old, &found) {
                if self.remove_orphan(run, &key).await? {
                    run.mend(mend, &key);
                }
            }
            if mend == Mend::Rendition {
                self.superseded(run, &objects, found).await?;
            }
            place = objects.last().filter(|_| more).map(|(key, _)| key.clone());
            self.keep(run, walk, place.as_ref()).await?;
            if place.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// The records of `keys`, as far as there are any.
    async fn behind(
        &self,
        keys: &BTreeMap<OwnerId, Vec<PhotoId>>,
    ) -> anyhow::Result<HashMap<OriginalKey, Photo>> {
        let mut found = HashMap::new();
        for (owner, ids) in keys {
            let photos = self.table.get_many(owner, ids.iter().copied()).await?;
            found.extend(photos.into_values().map(|photo| (photo.original(), photo)));
        }
        Ok(found)
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

/// Those of `keys` that no photo stands behind.
fn orphans(
    keys: BTreeMap<OwnerId, Vec<PhotoId>>,
    found: &HashMap<OriginalKey, Photo>,
) -> Vec<OriginalKey> {
    let key = |owner: &OwnerId, photo| OriginalKey {
        owner: owner.clone(),
        photo,
    };
    let keys = keys
        .into_iter()
        .flat_map(|(owner, ids)| ids.into_iter().map(move |photo| key(&owner, photo)));
    let gone = |key: &OriginalKey| {
        let photo = found.get(key);
        photo.is_none_or(|photo| photo.state == State::Deleted)
    };
    keys.filter(gone).collect()
}

/// The photos of objects older than `until`, each once.
fn old(
    objects: &[(String, Option<Timestamp>)],
    prefix: &str,
    until: Timestamp,
) -> BTreeMap<OwnerId, Vec<PhotoId>> {
    let mut photos: BTreeMap<OwnerId, Vec<PhotoId>> = BTreeMap::new();
    for (key, at) in objects {
        let is_old = at.is_some_and(|at| at < until);
        if let Some(key) = of(key, prefix).filter(|_| is_old) {
            let of_owner = photos.entry(key.owner).or_default();
            // The renditions of a photo follow each other.
            if of_owner.last() != Some(&key.photo) {
                of_owner.push(key.photo);
            }
        }
    }
    photos
}

/// The photo that an object is of.
pub(crate) fn of(key: &str, prefix: &str) -> Option<OriginalKey> {
    let mut segments = key.strip_prefix(prefix)?.split('/');
    Some(OriginalKey {
        owner: segments.next()?.parse().ok()?,
        photo: segments.next()?.parse().ok()?,
    })
}
