//! Luma and chroma planes, as JPEG stores them: resampled, turned and encoded
//! without a conversion to RGB.

use std::borrow::Cow;

use fast_image_resize::PixelType;
use image::metadata::Orientation;
use turbojpeg::{Compressor, Subsamp, YuvImage, YuvPlanesImage};

use super::error::RenderError;
use super::fit::Dimensions;
use super::orient::orient;
use super::pixels::resample;
use super::rgb::Rgb;

/// One channel, rows without padding.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    pub(super) size: Dimensions,
    pub(super) pixels: Vec<u8>,
}

/// A picture in YCbCr (BT.601, full range) or in grey.
#[derive(Clone, Debug)]
pub(super) struct Planes {
    pub(super) luma: Plane,
    pub(super) chroma: Option<Chroma>,
}

/// Blue and red difference.
#[derive(Clone, Debug)]
pub(super) struct Chroma {
    pub(super) blue: Plane,
    pub(super) red: Plane,
    /// Luma pixels per chroma pixel, across and down.
    pub(super) step: (u32, u32),
}

impl Planes {
    pub(super) fn size(&self) -> Dimensions {
        self.luma.size
    }

    /// Resamples luma to `size` and chroma to half of it, so that the planes
    /// are ready to be encoded as 4:2:0.
    pub(super) fn resized(&self, size: Dimensions) -> Result<Self, RenderError> {
        let from = self.luma.size;
        let luma = self
            .luma
            .resized(size, (from.width.into(), from.height.into()))?;
        let chroma = self
            .chroma
            .as_ref()
            .map(|chroma| chroma.resized(from, size))
            .transpose()?;
        Ok(Self { luma, chroma })
    }

    pub(super) fn oriented(self, orientation: Orientation) -> Self {
        Self {
            luma: self.luma.oriented(orientation),
            chroma: self.chroma.map(|chroma| Chroma {
                blue: chroma.blue.oriented(orientation),
                red: chroma.red.oriented(orientation),
                step: if Dimensions::new(1, 2).oriented(orientation).width == 2 {
                    (chroma.step.1, chroma.step.0)
                } else {
                    chroma.step
                },
            }),
        }
    }

    pub(super) fn encode_jpeg(&self, quality: u8) -> Result<Vec<u8>, RenderError> {
        let (width, height) = (self.size().width as usize, self.size().height as usize);
        let luma = self.luma.in_pairs();
        let encode = || {
            let mut compressor = Compressor::new()?;
            compressor.set_quality(i32::from(quality.clamp(1, 100)))?;
            match &self.chroma {
                Some(chroma) => compressor.compress_yuv_planes_to_vec(&YuvPlanesImage {
                    y_plane: luma.pixels.as_slice(),
                    u_plane: chroma.blue.pixels.as_slice(),
                    v_plane: chroma.red.pixels.as_slice(),
                    width,
                    height,
                    y_stride: luma.size.width as usize,
                    u_stride: chroma.blue.size.width as usize,
                    v_stride: chroma.red.size.width as usize,
                    subsamp: Subsamp::Sub2x2,
                }),
                None => compressor.compress_yuv_to_vec(YuvImage {
                    pixels: self.luma.pixels.as_slice(),
                    width,
                    align: 1,
                    height,
                    subsamp: Subsamp::Gray,
                }),
            }
        };
        encode().map_err(|error: turbojpeg::Error| RenderError::Encode(error.to_string()))
    }

    /// Converts by the equations of JFIF, each chroma sample serving its whole step.
    pub(super) fn to_rgb(&self) -> Rgb {
        let size = self.size();
        let width = size.width as usize;
        let mut pixels = Vec::with_capacity(self.luma.pixels.len() * 3);
        for (row, luma) in self.luma.pixels.chunks_exact(width).enumerate() {
            let Some(chroma) = &self.chroma else {
                pixels.extend(luma.iter().flat_map(|&y| [y, y, y]));
                continue;
            };
            let row = row / chroma.step.1 as usize;
            let (blue, red) = (chroma.blue.row(row), chroma.red.row(row));
            for (column, &y) in luma.iter().enumerate() {
                let column = column / chroma.step.0 as usize;
                let sample = |plane: &[u8]| plane.get(column).copied().unwrap_or(128);
                pixels.extend(ycc_to_rgb(y, sample(blue), sample(red)));
            }
        }
        Rgb { size, pixels }
    }
}

impl Chroma {
    fn resized(&self, from: Dimensions, to: Dimensions) -> Result<Self, RenderError> {
        const STEP: u32 = 2;
        let halves = Dimensions::new(to.width.div_ceil(STEP), to.height.div_ceil(STEP));
        // The last sample of an odd row reaches beyond the picture: the same
        // overhang is taken from the source, so that colours stay in place.
        let span = |source: u32, source_step: u32, target: u32, samples: u32, made: u32| {
            let exact = f64::from(source) / f64::from(source_step);
            let overhang = f64::from(made * STEP) / f64::from(target);
            (exact * overhang).min(f64::from(samples))
        };
        let crop = (
            span(
                from.width,
                self.step.0,
                to.width,
                self.blue.size.width,
                halves.width,
            ),
            span(
                from.height,
                self.step.1,
                to.height,
                self.blue.size.height,
                halves.height,
            ),
        );
        Ok(Self {
            blue: self.blue.resized(halves, crop)?,
            red: self.red.resized(halves, crop)?,
            step: (STEP, STEP),
        })
    }
}

impl Plane {
    fn resized(&self, size: Dimensions, crop: (f64, f64)) -> Result<Self, RenderError> {
        if size == self.size {
            return Ok(self.clone());
        }
        let pixels = resample(&self.pixels, self.size, crop, size, PixelType::U8)?;
        Ok(Self { size, pixels })
    }

    fn oriented(self, orientation: Orientation) -> Self {
        Self {
            size: self.size.oriented(orientation),
            pixels: orient::<1>(self.pixels, self.size, orientation),
        }
    }

    /// Cuts off what a decoder padded at the right and at the bottom.
    pub(super) fn trimmed(mut self, size: Dimensions) -> Self {
        let (from, to) = (self.size.width as usize, size.width as usize);
        if to < from {
            for row in 0..size.height as usize {
                self.pixels
                    .copy_within(row * from..row * from + to, row * to);
            }
        }
        self.pixels.truncate(to * size.height as usize);
        Self {
            size,
            pixels: self.pixels,
        }
    }

    /// Repeats the last column and row where a side is odd, since an encoder of
    /// halved chroma reads whole pairs.
    fn in_pairs(&self) -> Cow<'_, Self> {
        let (width, height) = (self.size.width, self.size.height);
        if width % 2 == 0 && height % 2 == 0 {
            return Cow::Borrowed(self);
        }
        let size = Dimensions::new(width.next_multiple_of(2), height.next_multiple_of(2));
        let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize);
        for row in 0..size.height {
            let row = self.row(row.min(height - 1) as usize);
            pixels.extend_from_slice(row);
            pixels.extend(row.last().filter(|_| width % 2 == 1));
        }
        Cow::Owned(Self { size, pixels })
    }

    fn row(&self, row: usize) -> &[u8] {
        let width = self.size.width as usize;
        self.pixels
            .get(row * width..(row + 1) * width)
            .unwrap_or_default()
    }
}

/// The inverse transform of JFIF 1.02, in 16-bit fixed point.
fn ycc_to_rgb(y: u8, blue: u8, red: u8) -> [u8; 3] {
    let (y, blue, red) = (
        i32::from(y) << 16 | 1 << 15,
        i32::from(blue) - 128,
        i32::from(red) - 128,
    );
    [
        clamped(y + 91_881 * red),
        clamped(y - 22_554 * blue - 46_802 * red),
        clamped(y + 116_130 * blue),
    ]
}

fn clamped(fixed: i32) -> u8 {
    u8::try_from((fixed >> 16).clamp(0, 255)).unwrap_or(u8::MAX)
}
