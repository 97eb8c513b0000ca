//! Decodes every format but JPEG and HEIF with the `image` crate, one frame of each.

use std::io::Cursor;

use cloudalbum_domain::MediaType;
use fast_image_resize as fir;
use image::codecs::{bmp, gif, jpeg, png, tiff, webp};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits};

use super::colour::{Channels, Colour};
use super::decoded::Decoded;
use super::error::{RenderError, Warning};
use super::fit::Dimensions;
use super::pixels::Pixels;
use super::recipe::Recipe;
use super::rgb::Rgb;

/// Decodes the first frame of `bytes`, which are known to begin like `kind`.
pub(super) fn decode(
    bytes: &[u8],
    kind: MediaType,
    recipe: &Recipe,
) -> Result<Decoded, RenderError> {
    let source = Cursor::new(bytes);
    let limits = || {
        let mut limits = Limits::default();
        limits.max_alloc = Some(recipe.budget.memory);
        limits
    };
    match kind {
        MediaType::Jpeg => read(jpeg::JpegDecoder::new(source), recipe),
        MediaType::Png => read(png::PngDecoder::with_limits(source, limits()), recipe),
        MediaType::Gif => read(gif::GifDecoder::new(source), recipe),
        MediaType::WebP => read(webp::WebPDecoder::new(source), recipe),
        MediaType::Tiff if is_raw(bytes) => Err(RenderError::Unsupported("camera RAW")),
        MediaType::Tiff => read(tiff::TiffDecoder::new(source), recipe),
        MediaType::Bmp => read(bmp::BmpDecoder::new(source), recipe),
        _ => Err(RenderError::Unsupported("no decoder")),
    }
}

fn read<D: ImageDecoder>(opened: ImageResult<D>, recipe: &Recipe) -> Result<Decoded, RenderError> {
    let mut decoder = opened.map_err(|error| refused(&error))?;
    let budget = &recipe.budget;
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
    let target = recipe
        .largest(stored.oriented(orientation))
        .oriented(orientation);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    let (rgb, usable) = flatten(reduced(picture, target)?, target, icc.as_deref());
    Ok(Decoded {
        stored,
        pixels: Pixels::Rgb(rgb),
        orientation,
        warnings: if usable {
            Vec::new()
        } else {
            vec![Warning::ColourProfile]
        },
    })
}

/// Resamples in the picture's own depth and with its alpha, so that sixteen
/// bits and soft edges survive until the end.
fn reduced(picture: DynamicImage, target: Dimensions) -> Result<DynamicImage, RenderError> {
    if (picture.width(), picture.height()) == (target.width, target.height) {
        return Ok(picture);
    }
    let mut smaller = DynamicImage::new(target.width, target.height, picture.color());
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3));
    fir::Resizer::new()
        .resize(&picture, &mut smaller, Some(&options))
        .map_err(|error| RenderError::Encode(format!("resize: {error}")))?;
    Ok(smaller)
}

/// Puts the picture on white, in sRGB; says whether its profile was usable.
fn flatten(picture: DynamicImage, size: Dimensions, icc: Option<&[u8]>) -> (Rgb, bool) {
    let alpha = picture.color().has_alpha();
    let channels = if picture.color().has_color() || alpha {
        Channels::Rgb
    } else {
        Channels::Grey
    };
    let samples = match channels {
        Channels::Grey => picture.into_luma8().into_raw(),
        _ if alpha => on_white(picture.into_rgba8().as_raw()),
        _ => picture.into_rgb8().into_raw(),
    };
    let colour = Colour::of(icc, channels);
    let pixels = colour.to_srgb(samples, channels);
    (Rgb { size, pixels }, !matches!(colour, Colour::Unusable))
}

fn on_white(rgba: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    pixels
        .iter()
        .flat_map(|&[r, g, b, a]| [over_white(r, a), over_white(g, a), over_white(b, a)])
        .collect()
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let light = u32::from(value) * u32::from(alpha) + 255 * u32::from(255 - alpha);
    u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
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
