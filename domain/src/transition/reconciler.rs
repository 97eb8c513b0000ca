//! What the reconciler does to a record that waits too long.

use jiff::Timestamp;

use super::Refused;
use crate::{Failure, FailureCode, Photo, Progress, State};

impl Photo {
    /// Starts the wait of the unfinished stages anew, since their messages are
    /// sent again. `until` is what the caller saw it wait since before.
    pub fn requeue(&self, until: Timestamp, now: Timestamp) -> Result<Self, Refused> {
        let mut next = self.late(until, now)?;
        next.requeues += 1;
        next.wait_since(now);
        Ok(next)
    }

    /// Gives the unfinished stages up: they were tried for too long.
    pub fn time_out(&self, until: Timestamp, now: Timestamp) -> Result<Self, Refused> {
        let next = self.late(until, now)?;
        // Its end is told in a trace that still takes spans.
        let mut next = next.retrace(now).unwrap_or(next);
        let failure = Failure::new(
            FailureCode::Timeout,
            "no attempt finished, however often its message was sent",
        );
        if self.thumbnails.pending_since().is_some() {
            next.thumbnails.progress = Progress::Failed {
                failure: failure.clone(),
                attempts: self.thumbnails_attempts,
                at: now,
            };
        }
        if self.metadata.pending_since().is_some() {
            next.metadata.progress = Progress::Failed {
                failure,
                attempts: self.metadata_attempts,
                at: now,
            };
        }
        Ok(next)
    }

    /// Lets an upload that has not arrived wait from now on, since its URL is
    /// handed out again.
    pub fn regrant(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live || self.pending_since().is_none() {
            return Err(Refused::Stale);
        }
        let mut next = self.changed(now);
        next.wait_since(now);
        Ok(next)
    }

    fn late(&self, until: Timestamp, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        if self.pending_since().is_none_or(|since| since >= until) {
            return Err(Refused::Stale);
        }
        Ok(self.changed(now))
    }

    fn wait_since(&mut self, now: Timestamp) {
        if self.thumbnails.pending_since().is_some() {
            self.thumbnails.progress = Progress::Pending { since: now };
        }
        if self.metadata.pending_since().is_some() {
            self.metadata.progress = Progress::Pending { since: now };
        }
    }
}
