//! Stands in for the HEIF decoder in builds without it.

use cloudalbum_domain::Recipe;

use super::budget::Budget;
use super::decoded::Decoded;
use super::error::RenderError;

/// Says that this build has no decoder: it was made without `heif`.
pub(super) fn decode(
    _bytes: &[u8],
    _recipe: &Recipe,
    _budget: &Budget,
) -> Result<Decoded, RenderError> {
    Err(RenderError::Unsupported("HEIF is not part of this build"))
}
