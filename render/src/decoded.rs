//! What every decoder hands over.

use image::metadata::Orientation;

use super::error::Warning;
use super::fit::Dimensions;
use super::pixels::Pixels;

/// A picture that is not upright yet, at least as large as the largest size.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The original's dimensions as stored, before its orientation.
    pub(super) stored: Dimensions,
    /// In sRGB.
    pub(super) pixels: Pixels,
    /// Still to be applied.
    pub(super) orientation: Orientation,
    pub(super) warnings: Vec<Warning>,
}
