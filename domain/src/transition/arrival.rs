//! The bytes of an upload: on their way in parts, given up, or to be sent anew.

use jiff::Timestamp;

use super::Refused;
use crate::{Facet, FailureCode, Photo, State, Status, Times};

impl Photo {
    /// Whether the stored bytes were found to be wrong or gone, so that only
    /// another upload can mend the photo.
    pub fn needs_bytes(&self) -> bool {
        let failures = [self.thumbnails.failure(), self.metadata.failure()];
        let mut codes = failures.into_iter().flatten().map(|found| found.0.code);
        self.state == State::Live
            && codes.any(|code| {
                matches!(
                    code,
                    FailureCode::ChecksumMismatch | FailureCode::OriginalMissing
                )
            })
    }

    /// Forgets what was made of wrong bytes and waits for the right ones.
    pub fn await_bytes(&self, now: Timestamp) -> Result<Self, Refused> {
        if !self.needs_bytes() {
            return Err(Refused::Unchanged);
        }
        let generation = self.thumbnails.generation.max(self.metadata.generation) + 1;
        Ok(Self {
            multipart: None,
            awaited: Some(generation),
            thumbnails: Facet {
                generation,
                ..Facet::pending(now)
            },
            metadata: Facet {
                generation,
                ..Facet::pending(now)
            },
            thumbnails_attempts: 0,
            metadata_attempts: 0,
            times: Times::default(),
            ..self.changed(now)
        })
    }

    /// Remembers the S3 upload that the parts go to; the first one stays.
    pub fn begin_parts(&self, upload: &str, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        if self.multipart.is_some() {
            return Err(Refused::Unchanged);
        }
        Ok(Self {
            multipart: Some(upload.to_owned()),
            ..self.changed(now)
        })
    }

    /// Forgets an S3 upload that S3 does not know any more.
    pub fn forget_parts(&self, gone: &str, now: Timestamp) -> Result<Self, Refused> {
        if self.multipart.as_deref() != Some(gone) {
            return Err(Refused::Unchanged);
        }
        Ok(Self {
            multipart: None,
            ..self.changed(now)
        })
    }

    /// Claims an upload for removal whose bytes have not arrived.
    pub fn give_up(&self, now: Timestamp) -> Result<Self, Refused> {
        match self.status() {
            Status::Pending => self.delete(now),
            _ => Err(Refused::Stale),
        }
    }

    /// Whether the whole was joined from parts and its hash was not checked yet:
    /// S3 checked each part, but not that together they are the promised file.
    pub fn is_unchecked(&self) -> bool {
        self.multipart.is_some()
    }
}
