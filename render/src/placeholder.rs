//! The ThumbHash that clients show until a rendition has arrived.

use cloudalbum_domain::Size;

use super::error::RenderError;
use super::fit::{Dimensions, fit_within};
use super::pixels::Pixels;

/// The side that ThumbHash accepts at most, in pixels.
const BOX: Size = Size::long_side("placeholder", 100);

/// Hashes a small copy of `pixels`.
pub(super) fn thumbhash(pixels: &Pixels) -> Result<Vec<u8>, RenderError> {
    let size = fit_within(pixels.size(), BOX);
    let rgb = pixels.resized(size)?.to_rgb();
    let Dimensions { width, height } = size;
    let rgba: Vec<u8> = rgb
        .pixels
        .as_chunks::<3>()
        .0
        .iter()
        .flat_map(|&[r, g, b]| [r, g, b, u8::MAX])
        .collect();
    Ok(thumbhash::rgba_to_thumb_hash(
        width as usize,
        height as usize,
        &rgba,
    ))
}
