//! Makes the renditions of one photo from its bytes, without any IO.
//!
//! [`render`] reads the header first and refuses what is over the budget before
//! a single pixel is decoded; then it decodes once, brings the picture to its
//! largest size, upright and in sRGB, and derives the smaller sizes from that.
//!
//! Damaged files follow one policy: when at least half of the rows can be shown,
//! the rest stays grey and a [`Warning`] says so; otherwise the photo is
//! [`RenderError::Corrupt`], so that an empty thumbnail is never made.

mod budget;
mod colour;
mod decoded;
mod error;
mod fit;
#[cfg_attr(not(feature = "heif"), path = "heif_absent.rs")]
mod heif;
mod jpeg;
mod orient;
mod pixels;
mod placeholder;
mod planes;
mod pyramid;
mod raster;
mod rgb;
mod samples;
mod sniff;

use cloudalbum_domain::{MediaType, Recipe};
use tracing::info_span;

pub use budget::Budget;
use budget::Deadline;
pub use error::{RenderError, Warning};
pub use sniff::{agrees, sniff};

/// Everything that is made from one original.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Width of the original as shown, after its orientation, in pixels.
    pub width: u32,
    /// Height of the original as shown, in pixels.
    pub height: u32,
    /// A ThumbHash of the whole picture (<https://evanw.github.io/thumbhash/>).
    pub thumbhash: Vec<u8>,
    /// One per size of the recipe, in its order.
    pub renditions: Vec<Rendition>,
    /// What was wrong with the file without keeping it from being shown.
    pub warnings: Vec<Warning>,
}

/// One derived picture: upright, in sRGB, without metadata.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// The name of its [`cloudalbum_domain::Size`].
    pub name: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The encoded file.
    pub bytes: Vec<u8>,
    /// How it is encoded.
    pub media_type: MediaType,
}

/// Decodes `bytes` within `budget` and makes every size of `recipe`.
///
/// # Errors
/// See [`RenderError`]; each is permanent for the same bytes, recipe and budget.
pub fn render(bytes: &[u8], recipe: &Recipe, budget: &Budget) -> Result<Rendered, RenderError> {
    let deadline = Deadline::after(budget.time);
    let kind = sniff(bytes).ok_or(RenderError::Unsupported("unknown type"))?;
    let decoded = info_span!("decode").in_scope(|| match kind {
        MediaType::Jpeg => jpeg::decode(bytes, recipe, budget),
        MediaType::Heic | MediaType::Heif | MediaType::Avif => heif::decode(bytes, recipe, budget),
        kind => raster::decode(bytes, kind, recipe, budget),
    })?;
    deadline.check()?;
    pyramid::build(decoded, recipe, &deadline)
}

#[cfg(test)]
mod tests;
