//! A record that moves to another album, under its owner's id there.

use jiff::Timestamp;

use crate::{OwnerId, Photo, PhotoId, RenditionKey, State};

impl Photo {
    /// The record as `owner` has it in the other album from `now` on.
    ///
    /// `None` when there is nothing to move: the photo is gone, or its bytes
    /// never arrived as they were promised.
    #[must_use]
    pub fn moved_to(&self, owner: &OwnerId, now: Timestamp) -> Option<Self> {
        let kept = matches!(self.state, State::Live | State::Trashed);
        let stored = self.has_arrived() && !self.needs_bytes() && !self.is_unchecked();
        (kept && stored).then(|| Self {
            owner: owner.clone(),
            id: PhotoId::derive(owner, &self.sha256),
            ..self.changed(now)
        })
    }

    /// The keys of everything that was made of the original.
    pub fn renditions(&self) -> Vec<RenditionKey> {
        let Some(made) = self.thumbnails.shown() else {
            return Vec::new();
        };
        let key = |rendition: &crate::Rendition| RenditionKey {
            owner: self.owner.clone(),
            photo: self.id,
            recipe: made.recipe,
            name: rendition.name.clone(),
            media_type: rendition.media_type,
        };
        made.renditions.iter().map(key).collect()
    }
}
