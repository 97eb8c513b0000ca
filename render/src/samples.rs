//! Samples as a decoder gave them: of any depth, with or without colour and alpha.

use fast_image_resize::PixelType;
use image::{ColorType, DynamicImage};

use super::colour::{Channels, Colour};
use super::error::RenderError;
use super::fit::Dimensions;
use super::pixels::resample;
use super::rgb::Rgb;

/// Eight-bit samples, reduced to the largest size of the recipe.
pub(super) struct Samples {
    size: Dimensions,
    /// 1 or 3, and one more with alpha.
    depth: usize,
    bytes: Vec<u8>,
}

impl Samples {
    /// Resamples in the picture's own depth and with its alpha, so that sixteen
    /// bits and soft edges survive the reduction.
    pub(super) fn reduced(picture: DynamicImage, to: Dimensions) -> Result<Self, RenderError> {
        let picture = match picture.color() {
            ColorType::Rgb32F => DynamicImage::ImageRgb8(picture.into_rgb8()),
            ColorType::Rgba32F => DynamicImage::ImageRgba8(picture.into_rgba8()),
            _ => picture,
        };
        let (kind, depth) = match picture.color() {
            ColorType::L8 => (PixelType::U8, 1),
            ColorType::La8 => (PixelType::U8x2, 2),
            ColorType::Rgb8 => (PixelType::U8x3, 3),
            ColorType::Rgba8 => (PixelType::U8x4, 4),
            ColorType::L16 => (PixelType::U16, 1),
            ColorType::La16 => (PixelType::U16x2, 2),
            ColorType::Rgb16 => (PixelType::U16x3, 3),
            ColorType::Rgba16 => (PixelType::U16x4, 4),
            _ => return Err(RenderError::Unsupported("an unknown kind of samples")),
        };
        let wide = picture.color().bytes_per_pixel() > picture.color().channel_count();
        let from = Dimensions::new(picture.width(), picture.height());
        let bytes = if from == to {
            picture.into_bytes()
        } else {
            let whole = (f64::from(from.width), f64::from(from.height));
            resample(picture.as_bytes(), from, whole, to, kind)?
        };
        Ok(Self {
            size: to,
            depth,
            bytes: if wide { narrowed(&bytes) } else { bytes },
        })
    }

    pub(super) fn channels(&self) -> Channels {
        if self.depth < 3 {
            Channels::Grey
        } else {
            Channels::Rgb
        }
    }

    /// On white, in sRGB.
    pub(super) fn flattened(self, colour: &Colour) -> Rgb {
        let channels = self.channels();
        let opaque = match self.depth {
            2 => on_white::<2>(&self.bytes),
            4 => on_white::<4>(&self.bytes),
            _ => self.bytes,
        };
        Rgb {
            size: self.size,
            pixels: colour.to_srgb(opaque, channels),
        }
    }
}

/// The nearest eight bits of native sixteen.
fn narrowed(bytes: &[u8]) -> Vec<u8> {
    let (samples, _) = bytes.as_chunks::<2>();
    samples
        .iter()
        .map(|sample| u32::from(u16::from_ne_bytes(*sample)))
        .map(|sample| u8::try_from((sample + 128) / 257).unwrap_or(u8::MAX))
        .collect()
}

/// Blends `N - 1` channels with white by the last one.
fn on_white<const N: usize>(bytes: &[u8]) -> Vec<u8> {
    let (pixels, _) = bytes.as_chunks::<N>();
    pixels
        .iter()
        .filter_map(|pixel| pixel.split_last())
        .flat_map(|(alpha, colours)| colours.iter().map(|value| over_white(*value, *alpha)))
        .collect()
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let light = u32::from(value) * u32::from(alpha) + 255 * u32::from(255 - alpha);
    u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
}
