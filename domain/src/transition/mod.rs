//! The transitions of a record's life: pure functions from one version to the
//! next, committed by the table on the condition that nobody was faster.

mod arrival;
#[cfg(test)]
mod edits;
mod moved;
mod new;
mod owner;
mod purge;
mod reconciler;
mod remake;
mod retrace;
#[cfg(test)]
mod tests;
mod worker;

use jiff::Timestamp;

use crate::Photo;

pub use new::NewPhoto;

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
    fn changed(&self, now: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            changed_at: now.max(self.changed_at),
            ..self.clone()
        }
    }
}
