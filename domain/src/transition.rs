//! The transitions of a record's life: pure functions from one version to the
//! next, committed by the table on the condition that nobody was faster.

use jiff::Timestamp;

use crate::{
    Description, Edit, EditedField, Facet, Failure, Filename, MediaType, Metadata, OwnerId, Photo,
    PhotoId, Place, Progress, Sha256, Stage, State, Tags, Thumbnails, Times, TraceContext,
};

/// What a granted manifest entry says about a photo.
#[derive(Clone, Debug)]
pub struct NewPhoto {
    /// Whose it is.
    pub owner: OwnerId,
    /// The content's hash.
    pub sha256: Sha256,
    /// The declared media type.
    pub content_type: MediaType,
    /// In bytes.
    pub filesize: u64,
    /// The name on the owner's device.
    pub filename: Filename,
    /// The owner's tags.
    pub tags: Tags,
    /// The owner's description.
    pub description: Description,
    /// The file's own date.
    pub modified_at: Option<Timestamp>,
    /// The photo's own trace.
    pub trace_context: TraceContext,
}

impl NewPhoto {
    /// The record of an upload that was granted at `now`.
    pub fn pending(self, now: Timestamp) -> Photo {
        let mut edited = std::collections::BTreeSet::new();
        if !self.tags.is_empty() {
            edited.insert(EditedField::Tags);
        }
        if !self.description.is_empty() {
            edited.insert(EditedField::Description);
        }
        Photo {
            id: PhotoId::derive(&self.owner, &self.sha256),
            owner: self.owner,
            state: State::Live,
            version: 1,
            changed_at: now,
            sha256: self.sha256,
            content_type: self.content_type,
            filesize: self.filesize,
            filename_orig: self.filename,
            upload_date: now,
            modified_at: self.modified_at,
            multipart: None,
            tags: self.tags,
            description: self.description,
            edited,
            trace_context: self.trace_context,
            times: Times::default(),
            thumbnails: Facet::pending(now),
            metadata: Facet::pending(now),
            thumbnails_attempts: 0,
            metadata_attempts: 0,
            make: None,
            model: None,
            width: None,
            height: None,
            taken_date: None,
            location: None,
            place: None,
            trashed_at: None,
        }
    }
}

/// Why a transition does not apply to the record as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The photo is in the trash, or gone.
    #[error("the photo is not live")]
    NotLive,
    /// The photo is not in the trash.
    #[error("the photo is not in the trash")]
    NotTrashed,
    /// Another attempt finished, or a newer generation was asked for.
    #[error("the attempt is out of date")]
    Stale,
    /// Nothing would change.
    #[error("there is nothing to change")]
    Unchanged,
}

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
        if let Ok(result) = &outcome {
            next.width = Some(result.width);
            next.height = Some(result.height);
        }
        next.thumbnails.progress = progress(outcome, self.thumbnails_attempts, now);
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
        next.metadata.progress =
            progress(outcome.map(|(found, _)| found), self.metadata_attempts, now);
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
        let mut next = self.changed(now);
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

    fn changed(&self, now: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            changed_at: now.max(self.changed_at),
            ..self.clone()
        }
    }
}

fn progress<T>(outcome: Result<T, Failure>, attempts: u32, at: Timestamp) -> Progress<T> {
    match outcome {
        Ok(result) => Progress::Done { result, at },
        Err(failure) => Progress::Failed {
            failure,
            attempts,
            at,
        },
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FailureCode, GeoPoint, MediaType, Status, index_entries};

    fn now(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn photo() -> Photo {
        let new = NewPhoto {
            owner: "ann".parse().unwrap(),
            sha256: Sha256::of(b"1"),
            content_type: MediaType::Jpeg,
            filesize: 1,
            filename: "IMG_1.jpg".to_owned().try_into().unwrap(),
            tags: vec!["Paris".to_owned()].try_into().unwrap(),
            description: Description::default(),
            modified_at: None,
            trace_context: TraceContext::mint(1, [2; 12], [3; 8], true),
        };
        new.pending(now(0))
    }

    fn thumbnails() -> Thumbnails {
        Thumbnails {
            recipe: 1,
            width: 40,
            height: 30,
            thumbhash: String::new(),
            renditions: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn ready() -> Photo {
        let metadata = Metadata {
            location: GeoPoint::new(48.85, 2.35).ok(),
            ..Metadata::default()
        };
        let half = photo()
            .finish_thumbnails(1, Ok(thumbnails()), &Times::default(), now(1))
            .unwrap();
        half.finish_metadata(1, Ok((metadata, None)), &Times::default(), now(2))
            .unwrap()
    }

    #[test]
    fn a_photo_is_ready_when_both_facets_are() {
        assert_eq!(photo().status(), Status::Pending);
        assert!(index_entries(&photo()).is_empty());
        let ready = ready();
        assert_eq!(ready.status(), Status::Ready);
        assert_eq!(
            index_entries(&ready).len(),
            4 + 1 + 3,
            "paris, img, 1, jpg; a point; its tiles"
        );
    }

    #[test]
    fn a_stale_attempt_never_overwrites() {
        let again = ready().reprocess(&[Stage::Thumbnails], now(3)).unwrap();
        let stale = again.finish_thumbnails(1, Ok(thumbnails()), &Times::default(), now(4));
        assert_eq!(stale, Err(Refused::Stale));
        let repeated = ready().finish_thumbnails(1, Ok(thumbnails()), &Times::default(), now(4));
        assert_eq!(repeated, Err(Refused::Stale));
    }

    #[test]
    fn trash_hides_at_once_and_restore_brings_all_back() {
        let ready = ready();
        let trashed = ready.trash(now(5)).unwrap();
        assert!(index_entries(&trashed).is_empty());
        let failure = Failure::new(FailureCode::Timeout, "late");
        let late = trashed.finish_thumbnails(1, Err(failure), &Times::default(), now(6));
        assert_eq!(late, Err(Refused::NotLive));
        let restored = trashed.restore(now(7)).unwrap();
        assert_eq!(index_entries(&restored), index_entries(&ready));
    }

    #[test]
    fn the_owners_word_wins_over_the_file() {
        let pin = GeoPoint::new(1.0, 2.0).unwrap();
        let edit = Edit {
            location: Some(Some(pin)),
            ..Edit::default()
        };
        let moved = ready().edit(&edit, now(3)).unwrap();
        assert_eq!(moved.status(), Status::Processing);
        let metadata = Metadata {
            location: GeoPoint::new(48.85, 2.35).ok(),
            keywords: vec!["file".to_owned()],
            ..Metadata::default()
        };
        let named = moved
            .finish_metadata(2, Ok((metadata, None)), &Times::default(), now(4))
            .unwrap();
        assert_eq!(named.location, Some(pin));
        assert_eq!(named.tags.as_slice(), ["Paris"]);
    }

    #[test]
    fn a_record_survives_json() {
        let mut ready = ready();
        ready.place = Some(Place {
            nation: "France".to_owned(),
            country_code: "FR".to_owned(),
            ..Place::default()
        });
        let json = serde_json::to_value(&ready).unwrap();
        assert_eq!(json["geotag_lat"], 48.85);
        assert_eq!(json["nation"], "France");
        assert_eq!(serde_json::from_value::<Photo>(json).unwrap(), ready);
        let bare = serde_json::to_value(photo()).unwrap();
        assert_eq!(serde_json::from_value::<Photo>(bare).unwrap(), photo());
    }
}
