//! Stands in for the HEIF decoder in builds without it.

use super::decoded::Decoded;
use super::error::RenderError;
use super::recipe::Recipe;

/// Says that this build has no decoder: it was made without `heif`.
pub(super) fn decode(_bytes: &[u8], _recipe: &Recipe) -> Result<Decoded, RenderError> {
    Err(RenderError::Unsupported("HEIF is not part of this build"))
}
