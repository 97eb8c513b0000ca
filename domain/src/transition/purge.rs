//! The end of a record: claimed for removal, then a tombstone.

use jiff::Timestamp;

use super::{NewPhoto, Refused};
use crate::{
    Description, Filename, MediaType, OriginalKey, Photo, Sha256, State, Tags, TraceContext,
};

impl Photo {
    /// Claims the photo for removal, from whatever state it is in.
    pub fn delete(&self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            State::Live | State::Trashed => Ok(Self {
                state: State::Deleting,
                ..self.changed(now)
            }),
            State::Deleting | State::Deleted => Err(Refused::Unchanged),
        }
    }

    /// Claims an upload that never arrived for removal, if it was granted
    /// before `until` and no worker has seen it.
    pub fn expire(&self, until: Timestamp, now: Timestamp) -> Result<Self, Refused> {
        let waits = self.pending_since().is_some_and(|since| since < until);
        if !waits || self.has_arrived() {
            return Err(Refused::Stale);
        }
        self.delete(now)
    }

    /// Claims a photo that went to the trash before `until` for removal.
    pub fn empty(&self, until: Timestamp, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Trashed || self.trashed_at.is_none_or(|at| at >= until) {
            return Err(Refused::Stale);
        }
        self.delete(now)
    }

    /// Claims what came in the place of a photo that is gone already.
    pub fn reclaim(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Deleted {
            return Err(Refused::Stale);
        }
        Ok(Self {
            state: State::Deleting,
            uncounted: true,
            ..self.changed(now)
        })
    }

    /// The claim on objects that have no record. What is not known of them is
    /// made up: all that is left of it is a tombstone.
    pub fn unknown(key: &OriginalKey, filename: Filename, now: Timestamp) -> Self {
        let nothing = NewPhoto {
            owner: key.owner.clone(),
            sha256: Sha256::of(&[]),
            content_type: MediaType::Jpeg,
            filesize: 0,
            filename,
            tags: Tags::default(),
            description: Description::default(),
            modified_at: None,
            trace_context: TraceContext::mint(0, [0; 12], [1; 8], false),
        };
        Self {
            id: key.photo,
            state: State::Deleting,
            uncounted: true,
            ..nothing.pending(now)
        }
    }

    /// Takes on the removal of the objects, unless somebody began it later
    /// than `lease_ended`: two that remove at a time could meet a new upload.
    pub fn take_removal(&self, lease_ended: Timestamp, now: Timestamp) -> Result<Self, Refused> {
        let taken = self.removing_since.is_some_and(|since| since > lease_ended);
        if self.state != State::Deleting || taken {
            return Err(Refused::Stale);
        }
        Ok(Self {
            removing_since: Some(now),
            ..self.changed(now)
        })
    }

    /// Leaves the tombstone of a photo whose objects are gone.
    pub fn bury(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Deleting {
            return Err(Refused::Stale);
        }
        let grave = NewPhoto {
            owner: self.owner.clone(),
            sha256: self.sha256,
            content_type: self.content_type,
            filesize: self.filesize,
            filename: self.filename_orig.clone(),
            tags: Tags::default(),
            description: Description::default(),
            modified_at: None,
            trace_context: self.trace_context,
        };
        Ok(Self {
            id: self.id,
            state: State::Deleted,
            version: self.version + 1,
            ..grave.pending(now)
        })
    }
}
