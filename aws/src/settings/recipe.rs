//! The settings of what is made of every photo.

use cloudalbum_domain::{Format, Recipe};

use super::Reader;

/// `RENDITION_FORMAT`: `jpeg` or `webp`; default `jpeg`. `RENDITION_QUALITY`:
/// from 1 to 100; default 80.
///
/// The thumbnail-worker makes renditions by them, and ingest-api knows by them
/// which renditions are stale: both must be told the same.
pub(super) fn read(reader: &mut Reader<'_>) -> Recipe {
    let usual = Recipe::default();
    let quality = reader.within("RENDITION_QUALITY", usual.quality.into(), 1..=100);
    Recipe {
        quality: u8::try_from(quality).unwrap_or(usual.quality),
        format: reader.or_default::<Format>("RENDITION_FORMAT", usual.format),
        sizes: usual.sizes,
    }
}
