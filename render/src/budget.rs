//! What one photo may cost, and holding a job to it before and while it decodes.

use std::time::{Duration, Instant};

use super::error::RenderError;
use super::fit::Dimensions;

/// What decoding one photo may cost, checked against its header.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Most pixels of the original.
    pub pixels: u64,
    /// Most bytes held at once by decoded data.
    pub memory: u64,
    /// Most scans of one JPEG; cameras write up to about a dozen.
    pub scans: u32,
    /// Longest run: checked between the steps of the work, and by the worker
    /// for a step that does not end.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            pixels: 120_000_000,
            memory: 512 << 20,
            scans: 64,
            time: Duration::from_secs(30),
        }
    }
}

impl Budget {
    /// Refuses a header's dimensions, or accepts them as a value.
    pub(super) fn accept(&self, width: u64, height: u64) -> Result<Dimensions, RenderError> {
        if width == 0 || height == 0 {
            return Err(RenderError::Corrupt("the picture has no pixels".to_owned()));
        }
        let too_many = RenderError::TooManyPixels {
            width,
            height,
            limit: self.pixels,
        };
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(w), Ok(h)) if width.saturating_mul(height) <= self.pixels => {
                Ok(Dimensions::new(w, h))
            }
            _ => Err(too_many),
        }
    }

    /// Refuses a plan that would hold `bytes` at once.
    pub(super) fn accept_memory(&self, bytes: u64) -> Result<(), RenderError> {
        if bytes > self.memory {
            return Err(RenderError::Memory(format!(
                "{} MiB of {} MiB",
                bytes >> 20,
                self.memory >> 20
            )));
        }
        Ok(())
    }

    /// Refuses a JPEG whose scans pass over its pixels too often.
    ///
    /// The smallest scan is a few bytes and still visits every block, so that a
    /// short file could keep a core busy for minutes.
    pub(super) fn accept_scans(&self, scans: u32, size: Dimensions) -> Result<(), RenderError> {
        let passes = u64::from(scans).saturating_mul(size.area());
        if scans > self.scans || passes > self.pixels.saturating_mul(16) {
            return Err(RenderError::Memory(format!("{scans} scans")));
        }
        Ok(())
    }
}

/// The moment when a job has used its time up.
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    pub(super) fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    pub(super) fn check(&self) -> Result<(), RenderError> {
        match self.0 {
            Some(end) if Instant::now() > end => Err(RenderError::Timeout),
            _ => Ok(()),
        }
    }
}
