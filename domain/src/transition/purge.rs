//! The end of a record: claimed for removal, then a tombstone.

use jiff::Timestamp;

use super::{NewPhoto, Refused};
use crate::{Description, Photo, State, Tags};

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
            state: State::Deleted,
            version: self.version + 1,
            ..grave.pending(now)
        })
    }
}
