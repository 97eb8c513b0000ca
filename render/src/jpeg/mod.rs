//! Decodes JPEG: to planes where it has luma and chroma, else to its samples.

mod damage;
mod packed;
mod segments;

use cloudalbum_domain::{MediaType, Recipe};
use image::metadata::Orientation;
use turbojpeg::{
    Colorspace, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp,
};

use super::budget::Budget;
use super::colour::{Channels, Colour};
use super::decoded::Decoded;
use super::error::{RenderError, Warning};
use super::fit::{Dimensions, largest};
use super::pixels::Pixels;
use super::raster;
use super::rgb::Rgb;
use damage::Damage;
use packed::Packed;
use segments::Segments;

/// Decodes at the smallest scale that is still as large as the largest size.
pub(super) fn decode(
    bytes: &[u8],
    recipe: &Recipe,
    budget: &Budget,
) -> Result<Decoded, RenderError> {
    let mut decompressor = Decompressor::new().map_err(|error| corrupt(&error))?;
    // libjpeg-turbo takes a warning in the header for an error; the pure
    // decoder knows no scaling but reads these, and the few odd kinds.
    let Ok(header) = decompressor.read_header(bytes) else {
        return raster::decode(bytes, MediaType::Jpeg, recipe, budget);
    };
    let stored = budget.accept(header.width as u64, header.height as u64)?;
    let segments = Segments::of(bytes);
    budget.accept_scans(segments.scans, stored)?;
    decompressor
        .set_scan_limit(budget.scans)
        .map_err(|error| corrupt(&error))?;

    let orientation = segments
        .exif
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms);
    let target = largest(recipe, stored.oriented(orientation)).oriented(orientation);
    let scale = if header.is_lossless {
        ScalingFactor::ONE
    } else {
        scale_for(stored, target)
    };
    decompressor
        .set_scaling_factor(scale)
        .map_err(|error| corrupt(&error))?;
    let scaled = header.scaled(scale);
    let size = budget.accept(scaled.width as u64, scaled.height as u64)?;

    // Progressive and multi-scan files hold every coefficient, two bytes each.
    let coefficients = if header.is_progressive || segments.scans > 1 {
        stored.area() * segments.samples_per_four_pixels() / 2
    } else {
        0
    };
    let channels = channels_of(&header);
    let colour = Colour::of(segments.icc.as_deref(), channels);
    // A profile of grey is applied to grey, one of colours to RGB.
    let grey_profile = channels == Channels::Grey && matches!(colour, Colour::Convert(_));
    let planar = planar(&header, channels) && !grey_profile;
    let per_pixel = if planar { 3 } else { 7 };
    budget.accept_memory(coefficients + size.area() * per_pixel + target.area() * 8)?;

    let mut warnings: Vec<Warning> = colour.warning().into_iter().collect();
    let pixels = if planar {
        let (packed, damage) = Packed::decode(&mut decompressor, bytes, &scaled, size)?;
        if let Some(message) = damage {
            warnings.push(damage::judge(&message, packed.grey_rows(), size.height)?);
        }
        let planes = packed.reduced(target)?;
        if let Colour::Convert(_) = colour {
            let rgb = planes.to_rgb();
            let pixels = colour.to_srgb(rgb.pixels, channels);
            Pixels::Rgb(Rgb { pixels, ..rgb })
        } else {
            Pixels::Planes(planes)
        }
    } else {
        let (samples, damage) = decode_samples(&mut decompressor, bytes, size, channels)?;
        if let Some(message) = damage {
            let row = size.width as usize * channels.count();
            let grey = damage::grey_rows(&samples, row, 128);
            warnings.push(damage::judge(&message, grey, size.height)?);
        }
        let inks = if channels == Channels::Cmyk && segments.adobe {
            samples.into_iter().map(|ink| u8::MAX - ink).collect()
        } else {
            samples
        };
        Pixels::Rgb(to_srgb(inks, size, target, channels, &colour)?)
    };
    Ok(Decoded {
        stored,
        pixels,
        orientation,
        warnings,
    })
}

/// Of the scales with a fast inverse DCT, the smallest that covers `target`.
fn scale_for(stored: Dimensions, target: Dimensions) -> ScalingFactor {
    [
        ScalingFactor::ONE_EIGHTH,
        ScalingFactor::ONE_QUARTER,
        ScalingFactor::ONE_HALF,
    ]
    .into_iter()
    .find(|scale| {
        scale.scale(stored.width as usize) >= target.width as usize
            && scale.scale(stored.height as usize) >= target.height as usize
    })
    .unwrap_or(ScalingFactor::ONE)
}

fn channels_of(header: &DecompressHeader) -> Channels {
    match header.colorspace {
        Colorspace::Gray => Channels::Grey,
        Colorspace::CMYK | Colorspace::YCCK => Channels::Cmyk,
        Colorspace::RGB | Colorspace::YCbCr => Channels::Rgb,
    }
}

fn planar(header: &DecompressHeader, channels: Channels) -> bool {
    !header.is_lossless
        && channels != Channels::Cmyk
        && header.colorspace != Colorspace::RGB
        && header.subsamp != Subsamp::Unknown
}

fn decode_samples(
    decompressor: &mut Decompressor,
    bytes: &[u8],
    size: Dimensions,
    channels: Channels,
) -> Result<(Vec<u8>, Damage), RenderError> {
    let format = match channels {
        Channels::Grey => PixelFormat::GRAY,
        Channels::Rgb => PixelFormat::RGB,
        Channels::Cmyk => PixelFormat::CMYK,
    };
    let (width, height) = (size.width as usize, size.height as usize);
    let pitch = width * channels.count();
    let mut pixels = vec![0; pitch * height];
    let damage = damage::recoverable(decompressor.decompress(
        bytes,
        Image {
            pixels: pixels.as_mut_slice(),
            width,
            pitch,
            height,
            format,
        },
    ))?;
    Ok((pixels, damage))
}

/// Converts after the reduction where the channels allow it, since that leaves
/// fewer pixels to convert.
fn to_srgb(
    samples: Vec<u8>,
    size: Dimensions,
    target: Dimensions,
    channels: Channels,
    colour: &Colour,
) -> Result<Rgb, RenderError> {
    let rgb = |size, pixels| Rgb { size, pixels };
    if channels == Channels::Rgb {
        let reduced = rgb(size, samples).resized(target)?;
        Ok(rgb(target, colour.to_srgb(reduced.pixels, channels)))
    } else {
        Ok(rgb(size, colour.to_srgb(samples, channels)))
    }
}

fn corrupt(error: &turbojpeg::Error) -> RenderError {
    RenderError::Corrupt(error.to_string())
}
