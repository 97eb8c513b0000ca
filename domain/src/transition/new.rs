//! The first version of a record: an upload that was granted.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    Description, EditedField, Facet, Filename, MediaType, OwnerId, Photo, PhotoId, Sha256, State,
    Tags, Times, TraceContext,
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
        let mut edited = BTreeSet::new();
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
            awaited: None,
            tags: self.tags,
            description: self.description,
            edited,
            trace_context: self.trace_context,
            retraced: None,
            times: Times::default(),
            thumbnails: Facet::pending(now),
            metadata: Facet::pending(now),
            thumbnails_attempts: 0,
            metadata_attempts: 0,
            thumbnails_error: None,
            metadata_error: None,
            requeues: 0,
            removing_since: None,
            uncounted: false,
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
