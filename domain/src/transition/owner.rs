//! What owners do to a record: edit, trash, restore, ask for another try.

use jiff::Timestamp;

use super::Refused;
use crate::{Edit, EditedField, Photo, Progress, Stage, State};

impl Photo {
    /// Applies the owner's edit. A moved pin makes the metadata wait again, so
    /// that the worker names the new place.
    pub fn edit(&self, edit: &Edit, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        let mut next = self.changed(now);
        if let Some(tags) = &edit.tags {
            next.tags = tags.clone();
            next.edited.insert(EditedField::Tags);
        }
        if let Some(description) = &edit.description {
            next.description = description.clone();
            next.edited.insert(EditedField::Description);
        }
        if let Some(taken) = edit.taken {
            next.taken_date = taken;
            next.edited.insert(EditedField::Date);
        }
        if let Some(location) = edit.location {
            next.edited.insert(EditedField::Location);
            if location != self.location {
                next.location = location;
                next.place = None;
                next.metadata = self.metadata.renewed(now);
                next.metadata_attempts = 0;
            }
        }
        Ok(next)
    }

    /// Hides the photo; it can be restored until it is purged.
    pub fn trash(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        Ok(Self {
            state: State::Trashed,
            trashed_at: Some(now),
            ..self.changed(now)
        })
    }

    /// Brings the photo back. Stages that had not finished wait anew.
    pub fn restore(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Trashed {
            return Err(Refused::NotTrashed);
        }
        let mut next = Self {
            state: State::Live,
            trashed_at: None,
            ..self.changed(now)
        };
        if self.thumbnails.pending_since().is_some() {
            next.thumbnails.progress = Progress::Pending { since: now };
        }
        if self.metadata.pending_since().is_some() {
            next.metadata.progress = Progress::Pending { since: now };
        }
        Ok(next)
    }

    /// Asks for another generation of the given stages.
    pub fn reprocess(&self, stages: &[Stage], now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        if stages.is_empty() {
            return Err(Refused::Unchanged);
        }
        let mut next = Self {
            requeues: 0,
            ..self.changed(now)
        };
        if stages.contains(&Stage::Thumbnails) {
            next.thumbnails = self.thumbnails.renewed(now);
            next.thumbnails_attempts = 0;
        }
        if stages.contains(&Stage::Metadata) {
            next.metadata = self.metadata.renewed(now);
            next.metadata_attempts = 0;
        }
        Ok(next)
    }

    /// The stages that gave up.
    pub fn failed_stages(&self) -> Vec<Stage> {
        let failed = [
            (Stage::Thumbnails, self.thumbnails.failure().is_some()),
            (Stage::Metadata, self.metadata.failure().is_some()),
        ];
        failed
            .into_iter()
            .filter_map(|(stage, failed)| failed.then_some(stage))
            .collect()
    }
}
