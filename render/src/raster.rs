//! Decodes every format but JPEG and HEIF with the `image` crate, one frame of each.

use std::io::Cursor;

use cloudalbum_domain::{MediaType, Recipe};
use image::codecs::{bmp, gif, jpeg, png, tiff, webp};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits};

use super::budget::Budget;
use super::colour::Colour;
use super::decoded::Decoded;
use super::error::RenderError;
use super::fit::largest;
use super::pixels::Pixels;
use super::samples::Samples;

/// Decodes the first frame of `bytes`, which are known to begin like `kind`.
pub(super) fn decode(
    bytes: &[u8],
    kind: MediaType,
    recipe: &Recipe,
    budget: &Budget,
) -> Result<Decoded, RenderError> {
    let source = Cursor::new(bytes);
    let limits = || {
        let mut limits = Limits::default();
        limits.max_alloc = Some(budget.memory);
        limits
    };
    match kind {
        MediaType::Jpeg => read(jpeg::JpegDecoder::new(source), recipe, budget),
        MediaType::Png => read(
            png::PngDecoder::with_limits(source, limits()),
            recipe,
            budget,
        ),
        MediaType::Gif => read(gif::GifDecoder::new(source), recipe, budget),
        MediaType::WebP => read(webp::WebPDecoder::new(source), recipe, budget),
        MediaType::Tiff if is_raw(bytes) => Err(RenderError::Unsupported("camera RAW")),
        MediaType::Tiff => read(tiff::TiffDecoder::new(source), recipe, budget),
        MediaType::Bmp => read(bmp::BmpDecoder::new(source), recipe, budget),
        _ => Err(RenderError::Unsupported("no decoder")),
    }
}

fn read<D: ImageDecoder>(
    opened: ImageResult<D>,
    recipe: &Recipe,
    budget: &Budget,
) -> Result<Decoded, RenderError> {
    let mut decoder = opened.map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    let stored = budget.accept(width.into(), height.into())?;
    // The decoder's own buffers, at most another copy, come on top.
    budget.accept_memory(decoder.total_bytes().saturating_mul(2))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(budget.memory);
    decoder
        .set_limits(limits)
        .map_err(|error| refused(&error))?;

    let icc = decoder.icc_profile().ok().flatten();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let target = largest(recipe, stored.oriented(orientation)).oriented(orientation);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    let samples = Samples::reduced(picture, target)?;
    let colour = Colour::of(icc.as_deref(), samples.channels());
    Ok(Decoded {
        stored,
        pixels: Pixels::Rgb(samples.flattened(&colour)),
        orientation,
        warnings: colour.warning().into_iter().collect(),
    })
}

/// Whether the first directory of a TIFF holds only a preview, or belongs to a
/// DNG: then the photo is elsewhere, in a form that is not decoded here.
fn is_raw(bytes: &[u8]) -> bool {
    const REDUCED: u32 = 1;
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let parsed = match reader.read_raw(bytes.to_vec()) {
        Ok(parsed) => parsed,
        Err(exif::Error::PartialResult(partial)) => partial.into_inner().0,
        Err(_) => return false,
    };
    let tag = |number| parsed.get_field(exif::Tag(exif::Context::Tiff, number), exif::In::PRIMARY);
    let preview = tag(0x00FE)
        .and_then(|field| field.value.get_uint(0))
        .is_some_and(|kind| kind & REDUCED == REDUCED);
    preview || tag(0xC612).is_some()
}

fn refused(error: &ImageError) -> RenderError {
    match error {
        ImageError::Unsupported(_) => RenderError::Unsupported("a variant without a decoder"),
        ImageError::Limits(_) => RenderError::Memory("the decoder's buffers".to_owned()),
        _ => RenderError::Corrupt(error.to_string()),
    }
}
