//! Interleaved RGB pixels: resampled, turned and encoded.

use fast_image_resize::PixelType;
use image::metadata::Orientation;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::error::RenderError;
use super::fit::Dimensions;
use super::orient::orient;
use super::pixels::resample;

/// Eight bits per channel, three channels, rows without padding.
#[derive(Clone, Debug)]
pub(super) struct Rgb {
    pub(super) size: Dimensions,
    pub(super) pixels: Vec<u8>,
}

impl Rgb {
    pub(super) fn resized(&self, size: Dimensions) -> Result<Self, RenderError> {
        if size == self.size {
            return Ok(self.clone());
        }
        let crop = (f64::from(self.size.width), f64::from(self.size.height));
        let pixels = resample(&self.pixels, self.size, crop, size, PixelType::U8x3)?;
        Ok(Self { size, pixels })
    }

    pub(super) fn oriented(self, orientation: Orientation) -> Self {
        Self {
            size: self.size.oriented(orientation),
            pixels: orient::<3>(self.pixels, self.size, orientation),
        }
    }

    pub(super) fn encode_jpeg(&self, quality: u8) -> Result<Vec<u8>, RenderError> {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let encode = || {
            let mut compressor = Compressor::new()?;
            compressor.set_quality(i32::from(quality.clamp(1, 100)))?;
            compressor.set_subsamp(Subsamp::Sub2x2)?;
            compressor.compress_to_vec(Image {
                pixels: self.pixels.as_slice(),
                width,
                pitch: width * 3,
                height,
                format: PixelFormat::RGB,
            })
        };
        encode().map_err(|error: turbojpeg::Error| RenderError::Encode(error.to_string()))
    }

    /// Uses method 2 of 0 to 6: past it, encoding time doubles for a few percent.
    pub(super) fn encode_webp(&self, quality: u8) -> Result<Vec<u8>, RenderError> {
        let mut config = webp::WebPConfig::new()
            .map_err(|()| RenderError::Encode("libwebp has no settings".to_owned()))?;
        config.quality = f32::from(quality.clamp(1, 100));
        config.method = 2;
        webp::Encoder::from_rgb(&self.pixels, self.size.width, self.size.height)
            .encode_advanced(&config)
            .map(|file| file.to_vec())
            .map_err(|error| RenderError::Encode(format!("{error:?}")))
    }
}
