//! Which renditions to make, and what decoding may cost.

use std::time::Duration;

use super::fit::{Dimensions, fit_within};

/// What to make of every photo; a change of any field is a new `version`.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Part of every rendition's key, so that old and new ones live side by side.
    pub version: u32,
    /// Encoder quality, 1 to 100.
    pub quality: u8,
    /// How renditions are encoded.
    pub format: Format,
    /// What to make; each size exists for every photo.
    pub sizes: Vec<Size>,
    /// What one photo may cost.
    pub budget: Budget,
}

/// A box that a rendition fits into; never upscaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// As in the key of the rendition.
    pub name: &'static str,
    /// In pixels.
    pub max_width: u32,
    /// In pixels.
    pub max_height: u32,
}

impl Size {
    /// A size bounded by its long side.
    pub const fn long_side(name: &'static str, pixels: u32) -> Self {
        Self {
            name,
            max_width: pixels,
            max_height: pixels,
        }
    }
}

/// How renditions are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Baseline 4:2:0, which every browser decodes fastest.
    Jpeg,
    /// Half the bytes for three times the encoding time.
    WebP,
}

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

impl Default for Recipe {
    fn default() -> Self {
        Self {
            version: 1,
            quality: 80,
            format: Format::Jpeg,
            sizes: vec![
                Size::long_side("grid", 320),
                Size::long_side("medium", 1024),
                Size::long_side("large", 2048),
                Size {
                    name: "classic",
                    max_width: 300,
                    max_height: 200,
                },
            ],
            budget: Budget::default(),
        }
    }
}

impl Recipe {
    /// The largest rendition of a picture that is `shown` at these dimensions.
    pub(super) fn largest(&self, shown: Dimensions) -> Dimensions {
        self.sizes
            .iter()
            .map(|size| fit_within(shown, *size))
            .max_by_key(|made| made.area())
            .unwrap_or(shown)
    }
}
