//! Decodes HEIF with HEVC or AV1, as phones send it, by libheif.

use cloudalbum_domain::Recipe;
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};
use libheif_rs::{
    ColorPrimaries, ColorSpace, DecodingOptions, HeifContext, HeifError, HeifErrorCode,
    HeifErrorSubCode, ImageHandle, LibHeif, Plane, RgbChroma, SecurityLimits,
    TransferCharacteristics,
};
use moxcms::ColorProfile;

use super::budget::Budget;
use super::colour::{Channels, Colour};
use super::decoded::Decoded;
use super::error::RenderError;
use super::fit::{Dimensions, largest};
use super::pixels::Pixels;
use super::samples::Samples;

/// Bytes held per pixel at the worst: planes of ten bits without subsampling,
/// a turned copy of them, and eight-bit RGBA.
const BYTES_PER_PIXEL: u64 = 16;

/// Decodes the primary picture. libheif assembles its tiles and applies the
/// turns, flips and crops of the container, which is why the EXIF orientation
/// beside them is not applied again (ISO/IEC 23008-12, annex A.2.1).
pub(super) fn decode(
    bytes: &[u8],
    recipe: &Recipe,
    budget: &Budget,
) -> Result<Decoded, RenderError> {
    let library = LibHeif::new();
    let mut limits = SecurityLimits::new();
    limits.set_max_image_size_pixels(budget.pixels);
    limits.set_max_total_memory(budget.memory);
    limits.set_max_memory_block_size(budget.memory);
    let mut context = HeifContext::new().map_err(|error| refused(&error))?;
    context
        .set_security_limits(&limits)
        .map_err(|error| refused(&error))?;
    // One photo keeps to one core; others of the batch have the rest.
    context.set_max_decoding_threads(1);
    context.read_bytes(bytes).map_err(|error| refused(&error))?;
    let handle = context
        .primary_image_handle()
        .map_err(|error| refused(&error))?;
    let shown = budget.accept(handle.width().into(), handle.height().into())?;
    budget.accept_memory(shown.area().saturating_mul(BYTES_PER_PIXEL))?;

    let colour = colour_of(&handle);
    let alpha = handle.has_alpha_channel();
    let mut options =
        DecodingOptions::new().ok_or(RenderError::Memory("no decoding options".to_owned()))?;
    options.set_convert_hdr_to_8bit(true);
    // Otherwise tiles that a cut file lacks are left black, without a word.
    options.set_strict_decoding(true);
    let layout = if alpha {
        RgbChroma::Rgba
    } else {
        RgbChroma::Rgb
    };
    let decoded = library
        .decode(&handle, ColorSpace::Rgb(layout), Some(options))
        .map_err(|error| refused(&error))?;
    let plane = decoded
        .planes()
        .interleaved
        .ok_or(RenderError::Corrupt("no pixels".to_owned()))?;
    let shown = budget.accept(plane.width.into(), plane.height.into())?;
    let picture = unpadded(&plane, alpha).ok_or(RenderError::Corrupt(
        "fewer pixels than announced".to_owned(),
    ))?;
    drop(decoded);
    let samples = Samples::reduced(picture, largest(recipe, shown))?;
    Ok(Decoded {
        stored: shown,
        pixels: Pixels::Rgb(samples.flattened(&colour)),
        orientation: Orientation::NoTransforms,
        warnings: colour.warning().into_iter().collect(),
    })
}

/// An ICC profile goes before the code points of `nclx`, as in the standard.
fn colour_of(handle: &ImageHandle) -> Colour {
    if let Some(profile) = handle.color_profile_raw() {
        return Colour::of(Some(&profile.data), Channels::Rgb);
    }
    let Some(points) = handle.color_profile_nclx() else {
        return Colour::Srgb;
    };
    // The curves of HDR need a tone mapping, not a conversion.
    if matches!(
        points.transfer_characteristics(),
        TransferCharacteristics::ITU_R_BT_2100_0_PQ | TransferCharacteristics::ITU_R_BT_2100_0_HLG
    ) {
        return Colour::Unusable;
    }
    match points.color_primaries() {
        ColorPrimaries::SMPTE_EG_432_1 => {
            Colour::from(&ColorProfile::new_display_p3(), Channels::Rgb)
        }
        ColorPrimaries::ITU_R_BT_2020_2_and_2100_0 => {
            Colour::from(&ColorProfile::new_bt2020(), Channels::Rgb)
        }
        _ => Colour::Srgb,
    }
}

fn unpadded(plane: &Plane<&[u8]>, alpha: bool) -> Option<DynamicImage> {
    let Dimensions { width, height } = Dimensions::new(plane.width, plane.height);
    let row = width as usize * if alpha { 4 } else { 3 };
    let pixels: Vec<u8> = plane
        .data
        .chunks(plane.stride.max(1))
        .take(height as usize)
        .filter_map(|line| line.get(..row))
        .flatten()
        .copied()
        .collect();
    if alpha {
        RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    }
}

fn refused(error: &HeifError) -> RenderError {
    match (error.code, error.sub_code) {
        (_, HeifErrorSubCode::SecurityLimitExceeded)
        | (HeifErrorCode::MemoryAllocationError, _) => RenderError::Memory(error.message.clone()),
        (HeifErrorCode::UnsupportedFeature | HeifErrorCode::UnsupportedFileType, _) => {
            RenderError::Unsupported("a kind of HEIF without a decoder")
        }
        _ => RenderError::Corrupt(error.message.clone()),
    }
}
