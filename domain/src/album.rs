//! How a record is shown: its overall status and its place in the album.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Photo, Progress, State};

/// What became of a photo so far, derived from its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its bytes have not arrived.
    Pending,
    /// Its bytes have arrived and a stage is not finished.
    Processing,
    /// Every stage is done.
    Ready,
    /// Every stage is finished, and at least one failed.
    Failed,
    /// In the trash, or on its way out.
    Trashed,
}

impl Photo {
    /// The overall status.
    pub fn status(&self) -> Status {
        if self.state != State::Live {
            return Status::Trashed;
        }
        let pending = self.pending_since().is_some();
        let failed = self.thumbnails.failure().is_some() || self.metadata.failure().is_some();
        match (pending, failed, self.has_arrived()) {
            (true, _, false) => Status::Pending,
            (true, _, true) => Status::Processing,
            (false, true, _) => Status::Failed,
            (false, false, _) => Status::Ready,
        }
    }

    /// Whether any stage has seen the original.
    pub fn has_arrived(&self) -> bool {
        let seen = self.thumbnails_attempts + self.metadata_attempts > 0;
        let finished = !matches!(self.thumbnails.progress, Progress::Pending { .. })
            || !matches!(self.metadata.progress, Progress::Pending { .. });
        let first = self.awaited.unwrap_or(1);
        seen || finished || self.thumbnails.generation > first || self.metadata.generation > first
    }

    /// Since when the oldest unfinished stage of a live photo waits.
    pub fn pending_since(&self) -> Option<Timestamp> {
        if self.state != State::Live {
            return None;
        }
        let waits = [
            self.thumbnails.pending_since(),
            self.metadata.pending_since(),
        ];
        waits.into_iter().flatten().min()
    }

    /// Where the photo stands in the album, once a stage has finished with it.
    ///
    /// Photos in the trash, and uploads that have not arrived, are not in it.
    pub fn sort_date(&self) -> Option<SortDate> {
        let finished = self.thumbnails.pending_since().is_none()
            || self.metadata.pending_since().is_none()
            || self.thumbnails.generation > self.awaited.unwrap_or(1);
        if self.state != State::Live || !finished {
            return None;
        }
        let taken = self.taken_date.map(|taken| format!("{:.3}", taken.local));
        Some(SortDate(taken.unwrap_or_else(|| {
            SortDate::of(self.modified_at.unwrap_or(self.upload_date)).0
        })))
    }
}

/// A date that sorts as text: `YYYY-MM-DDTHH:MM:SS.mmm`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SortDate(String);

impl SortDate {
    /// A moment, in UTC.
    pub fn of(moment: Timestamp) -> Self {
        Self(format!("{:.3}", jiff::tz::Offset::UTC.to_datetime(moment)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `YYYY-MM`.
    pub fn month(&self) -> &str {
        self.0.get(..7).unwrap_or_default()
    }
}
