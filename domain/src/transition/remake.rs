//! Renditions of another recipe, made of a photo that has some.

use jiff::Timestamp;

use super::Refused;
use crate::{Photo, Stage, State};

impl Photo {
    /// Whether the photo is shown by another recipe than that of `version`, and
    /// nobody is about to change that.
    pub fn is_stale(&self, version: u32) -> bool {
        let made = self.thumbnails.result();
        self.state == State::Live && made.is_some_and(|made| made.recipe != version)
    }

    /// Asks for renditions by the recipe of `version`. Those there are stay,
    /// and are shown until the new ones are made.
    pub fn remake(&self, version: u32, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        if !self.is_stale(version) {
            return Err(Refused::Unchanged);
        }
        self.reprocess(&[Stage::Thumbnails], now)
    }
}
