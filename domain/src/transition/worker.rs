//! What workers do to a record: each finishes its own facet.

use jiff::Timestamp;

use super::Refused;
use crate::{
    Description, EditedField, Failure, FailureCode, Metadata, Photo, Place, State, Tags,
    Thumbnails, Times,
};

impl Photo {
    /// Finishes the thumbnails of `generation`.
    pub fn finish_thumbnails(
        &self,
        generation: u32,
        outcome: Result<Thumbnails, Failure>,
        times: &Times,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let mut next = self.finishing(
            self.thumbnails.generation,
            self.thumbnails.pending_since(),
            generation,
            now,
        )?;
        if checked_whole(&outcome) {
            next.multipart = None;
        }
        if let Ok(result) = &outcome {
            next.width = Some(result.width);
            next.height = Some(result.height);
        }
        next.thumbnails
            .finish(outcome, self.thumbnails_attempts, now);
        next.thumbnails_error = None;
        next.times.merge(times);
        Ok(next)
    }

    /// Finishes the metadata of `generation`, keeping every field that the
    /// owner set.
    pub fn finish_metadata(
        &self,
        generation: u32,
        outcome: Result<(Metadata, Option<Place>), Failure>,
        times: &Times,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let mut next = self.finishing(
            self.metadata.generation,
            self.metadata.pending_since(),
            generation,
            now,
        )?;
        if let Ok((found, place)) = &outcome {
            next.make.clone_from(&found.make);
            next.model.clone_from(&found.model);
            next.width = next.width.or(found.width);
            next.height = next.height.or(found.height);
            if !self.edited.contains(&EditedField::Date) {
                next.taken_date = found.taken;
            }
            if !self.edited.contains(&EditedField::Location) {
                next.location = found.location;
            }
            next.place.clone_from(place);
            next.adopt_words(found);
        }
        let outcome = outcome.map(|(found, _)| found);
        next.metadata.finish(outcome, self.metadata_attempts, now);
        next.metadata_error = None;
        next.times.merge(times);
        Ok(next)
    }

    /// Takes the file's own keywords and description where the owner gave none.
    fn adopt_words(&mut self, found: &Metadata) {
        if !self.edited.contains(&EditedField::Tags)
            && let Ok(tags) = Tags::try_from(found.keywords.clone())
        {
            self.tags = tags;
        }
        if !self.edited.contains(&EditedField::Description) {
            let text = found
                .description
                .clone()
                .or_else(|| found.title.clone())
                .unwrap_or_default();
            if let Ok(description) = Description::try_from(text) {
                self.description = description;
            }
        }
    }

    fn finishing(
        &self,
        current: u32,
        pending: Option<Timestamp>,
        generation: u32,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        if current != generation || pending.is_none() {
            return Err(Refused::Stale);
        }
        Ok(self.changed(now))
    }
}

/// Whether the attempt got past comparing the bytes with their promised hash.
fn checked_whole<T>(outcome: &Result<T, Failure>) -> bool {
    outcome.as_ref().err().is_none_or(|failure| {
        !matches!(
            failure.code,
            FailureCode::ChecksumMismatch | FailureCode::OriginalMissing | FailureCode::Timeout
        )
    })
}

impl Times {
    /// Keeps what is known and adds what is new.
    pub fn merge(&mut self, other: &Self) {
        self.event = self.event.or(other.event);
        self.thumbnails_queued = self.thumbnails_queued.or(other.thumbnails_queued);
        self.thumbnails_received = self.thumbnails_received.or(other.thumbnails_received);
        self.metadata_queued = self.metadata_queued.or(other.metadata_queued);
        self.metadata_received = self.metadata_received.or(other.metadata_received);
    }
}
