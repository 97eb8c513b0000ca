//! What a run looked at and mended.

use std::collections::BTreeMap;
use std::fmt;

use cloudalbum_domain::OriginalKey;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A kind of mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mend {
    /// Messages of an unfinished photo were sent again.
    Requeued,
    /// A photo that was tried for too long failed.
    TimedOut,
    /// An upload that never arrived was removed, and its quota returned.
    Expired,
    /// A photo was removed whose days in the trash were over.
    Purged,
    /// A photo was removed whose bytes are not those that were promised.
    Mismatch,
    /// A removal that had been claimed was done to the end.
    Removed,
    /// An original without a record was removed.
    Original,
    /// Renditions without a photo were removed.
    Rendition,
    /// Renditions that a photo is not shown by any more were removed.
    Superseded,
    /// An upload in parts that nobody finishes was given up.
    Parts,
    /// An owner's quota counters were corrected.
    Usage,
    /// A count on an owner's map was corrected.
    Tile,
}

impl Mend {
    /// The name as logs, metrics and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requeued => "requeued",
            Self::TimedOut => "timed_out",
            Self::Expired => "expired",
            Self::Purged => "purged",
            Self::Mismatch => "mismatch",
            Self::Removed => "removed",
            Self::Original => "original",
            Self::Rendition => "rendition",
            Self::Superseded => "superseded",
            Self::Parts => "parts",
            Self::Usage => "usage",
            Self::Tile => "tile",
        }
    }
}

/// What a run looked at and mended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How many records, objects, uploads and accounts were looked at.
    pub looked_at: u64,
    /// How many of each kind were mended, or would be.
    pub mends: BTreeMap<Mend, u64>,
    /// How many walks broke off.
    pub errors: u64,
}

/// A run under way.
pub(crate) struct Run {
    pub(crate) now: Timestamp,
    pub(crate) dry_run: bool,
    pub(crate) report: Report,
}

impl Run {
    pub(crate) fn new(now: Timestamp, dry_run: bool) -> Self {
        Self {
            now,
            dry_run,
            report: Report {
                dry_run,
                ..Report::default()
            },
        }
    }

    /// The moment that was `ago` before the run.
    pub(crate) fn before(&self, ago: SignedDuration) -> Timestamp {
        self.now.saturating_sub(ago).unwrap_or(Timestamp::MIN)
    }

    pub(crate) fn look(&mut self, things: usize) {
        self.report.looked_at += u64::try_from(things).unwrap_or(0);
    }

    /// Tells a mend of a photo.
    pub(crate) fn mend(&mut self, mend: Mend, photo: &OriginalKey) {
        self.tell(mend, &format_args!("{}/{}", photo.owner, photo.photo));
    }

    /// Tells a mend of anything else.
    pub(crate) fn tell(&mut self, mend: Mend, what: &dyn fmt::Display) {
        *self.report.mends.entry(mend).or_default() += 1;
        let (mend, dry_run) = (mend.as_str(), self.dry_run);
        tracing::info!(reconciler.mend = mend, dry_run, what = %what, "mended");
    }

    pub(crate) fn finish(self) -> Report {
        let Report {
            looked_at, errors, ..
        } = self.report;
        let mends: u64 = self.report.mends.values().sum();
        tracing::info!(
            looked_at,
            mends,
            errors,
            dry_run = self.dry_run,
            "reconciled"
        );
        self.report
    }
}
