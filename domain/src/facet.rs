//! What one worker has to say about a photo: nothing yet, a result, or a failure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// A stage of the pipeline, which owns the facet and the queue of its name.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Makes renditions.
    Thumbnails,
    /// Reads EXIF and names the place.
    Metadata,
}

impl Stage {
    /// Both stages.
    pub const ALL: [Self; 2] = [Self::Thumbnails, Self::Metadata];

    /// The name of the stage, its queue and its facet.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thumbnails => "thumbnails",
            Self::Metadata => "metadata",
        }
    }
}

/// One worker's facet of a record. Only that worker writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facet<T> {
    /// Raised by each reprocessing: a completion for an older one is stale.
    pub generation: u32,
    /// How far the current generation got.
    pub progress: Progress<T>,
    /// The result of the generation before, which is shown until the current
    /// one has a result of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Box<T>>,
}

/// How far a facet got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Progress<T> {
    /// Not finished.
    Pending {
        /// Since when it waits.
        since: Timestamp,
    },
    /// Finished with a result.
    Done {
        /// What the stage found.
        result: T,
        /// When it finished.
        at: Timestamp,
    },
    /// Gave up.
    Failed {
        /// Why.
        failure: Failure,
        /// How often it was tried.
        attempts: u32,
        /// When it gave up.
        at: Timestamp,
    },
}

impl<T> Facet<T> {
    /// A facet that waits for its first attempt.
    pub fn pending(now: Timestamp) -> Self {
        Self {
            generation: 1,
            progress: Progress::Pending { since: now },
            last: None,
        }
    }

    /// The next generation, waiting again.
    #[must_use]
    pub fn renewed(&self, now: Timestamp) -> Self
    where
        T: Clone,
    {
        Self {
            generation: self.generation + 1,
            progress: Progress::Pending { since: now },
            last: self.shown().cloned().map(Box::new),
        }
    }

    /// Takes the outcome of the current generation.
    pub(crate) fn finish(&mut self, outcome: Result<T, Failure>, attempts: u32, at: Timestamp) {
        self.progress = match outcome {
            Ok(result) => {
                self.last = None;
                Progress::Done { result, at }
            }
            Err(failure) => Progress::Failed {
                failure,
                attempts,
                at,
            },
        };
    }

    /// Since when the facet waits, if it does.
    pub fn pending_since(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Pending { since } => Some(since),
            _ => None,
        }
    }

    /// When the current generation ended, well or not.
    pub fn finished_at(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Pending { .. } => None,
            Progress::Done { at, .. } | Progress::Failed { at, .. } => Some(at),
        }
    }

    /// The result, if there is one.
    pub fn result(&self) -> Option<&T> {
        match &self.progress {
            Progress::Done { result, .. } => Some(result),
            _ => None,
        }
    }

    /// The result, or the one before while there is none.
    pub fn shown(&self) -> Option<&T> {
        self.result().or(self.last.as_deref())
    }

    /// The failure, the attempts it took and its time, if it failed.
    pub fn failure(&self) -> Option<(&Failure, u32, Timestamp)> {
        match &self.progress {
            Progress::Failed {
                failure,
                attempts,
                at,
            } => Some((failure, *attempts, *at)),
            _ => None,
        }
    }
}
