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

/// Blue and red difference, one sample for each square of [`Chroma::STEP`] pixels.
#[derive(Clone, Debug)]
pub(super) struct Chroma {
    pub(super) blue: Plane,
    pub(super) red: Plane,
}

impl Planes {
    pub(super) fn size(&self) -> Dimensions {
        self.luma.size
    }

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

    /// Converts by the equations of JFIF, each chroma sample serving its square.
    pub(super) fn to_rgb(&self) -> Rgb {
        let size = self.size();
        let width = size.width as usize;
        let mut pixels = vec![0; self.luma.pixels.len() * 3];
        let rows = pixels.chunks_exact_mut(width * 3);
        for (row, (to, luma)) in rows.zip(self.luma.pixels.chunks_exact(width)).enumerate() {
            if let Some(chroma) = &self.chroma {
                let row = row / Chroma::STEP as usize;
                row_to_rgb(luma, chroma.blue.row(row), chroma.red.row(row), to);
            } else {
                for (to, y) in to.as_chunks_mut::<3>().0.iter_mut().zip(luma) {
                    *to = [*y; 3];
                }
            }
        }
        Rgb { size, pixels }
    }
}

impl Chroma {
    /// Luma pixels per chroma pixel, across and down: 4:2:0.
    pub(super) const STEP: u32 = 2;

    /// The size of the planes that go with luma of `size`.
    pub(super) fn half_of(size: Dimensions) -> Dimensions {
        Dimensions::new(
            size.width.div_ceil(Self::STEP),
            size.height.div_ceil(Self::STEP),
        )
    }

    /// The part of `samples`, one for every `step` pixels of a picture of size
    /// `from`, that the planes for a picture of size `to` are made of.
    ///
    /// The last sample of an odd row reaches beyond the picture: the same
    /// overhang is taken from the source, so that colours stay in place.
    pub(super) fn span(
        from: Dimensions,
        step: (u32, u32),
        samples: Dimensions,
        to: Dimensions,
    ) -> (f64, f64) {
        let span = |source: u32, source_step: u32, target: u32, samples: u32| {
            let exact = f64::from(source) / f64::from(source_step);
            let made = target.next_multiple_of(Self::STEP);
            (exact * f64::from(made) / f64::from(target)).min(f64::from(samples))
        };
        (
            span(from.width, step.0, to.width, samples.width),
            span(from.height, step.1, to.height, samples.height),
        )
    }

    fn resized(&self, from: Dimensions, to: Dimensions) -> Result<Self, RenderError> {
        let crop = Self::span(from, (Self::STEP, Self::STEP), self.blue.size, to);
        let half = Self::half_of(to);
        Ok(Self {
            blue: self.blue.resized(half, crop)?,
            red: self.red.resized(half, crop)?,
        })
    }
}

impl Plane {
    fn resized(&self, size: Dimensions, crop: (f64, f64)) -> Result<Self, RenderError> {
        Self::reduced(&self.pixels, self.size, crop, size)
    }

    /// A plane of `size` from the part of `source` that spans `crop` pixels.
    pub(super) fn reduced(
        source: &[u8],
        from: Dimensions,
        crop: (f64, f64),
        size: Dimensions,
    ) -> Result<Self, RenderError> {
        let pixels = if crop == (size.width.into(), size.height.into()) {
            let (width, from) = (size.width as usize, from.width as usize);
            let rows = source.chunks_exact(from).take(size.height as usize);
            let rows: Vec<&[u8]> = rows.filter_map(|row| row.get(..width)).collect();
            rows.concat()
        } else {
            resample(source, from, crop, size, PixelType::U8)?
        };
        Ok(Self { size, pixels })
    }

    fn oriented(self, orientation: Orientation) -> Self {
        Self {
            size: self.size.oriented(orientation),
            pixels: orient::<1>(self.pixels, self.size, orientation),
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

/// One row by the inverse transform of JFIF 1.02, in 16-bit fixed point.
fn row_to_rgb(luma: &[u8], blue: &[u8], red: &[u8], to: &mut [u8]) {
    let pairs = luma.chunks(Chroma::STEP as usize);
    let targets = to.chunks_mut(3 * Chroma::STEP as usize);
    for (((luma, to), blue), red) in pairs.zip(targets).zip(blue).zip(red) {
        let (blue, red) = (i32::from(*blue) - 128, i32::from(*red) - 128);
        let offsets = [91_881 * red, -22_554 * blue - 46_802 * red, 116_130 * blue];
        for (y, to) in luma.iter().zip(to.as_chunks_mut::<3>().0) {
            let y = i32::from(*y) << 16 | 1 << 15;
            *to = offsets.map(|offset| clamped(y + offset));
        }
    }
}

fn clamped(fixed: i32) -> u8 {
    u8::try_from((fixed >> 16).clamp(0, 255)).unwrap_or(u8::MAX)
}
