//! The planes of a JPEG as the decoder lays them: one behind the other.

use turbojpeg::{DecompressHeader, Decompressor, Subsamp, YuvImage};

use super::super::error::RenderError;
use super::super::fit::Dimensions;
use super::super::planes::{Chroma, Plane, Planes};
use super::damage::{self, Damage};

/// Luma and chroma in one buffer, reduced from there without a copy.
pub(super) struct Packed {
    pixels: Vec<u8>,
    size: Dimensions,
    /// The size of each plane of chroma; none of a grey picture.
    chroma: Option<Dimensions>,
    /// Luma pixels per chroma pixel, across and down.
    step: (u32, u32),
}

impl Packed {
    /// Decodes a file of which `scaled` is the header at the scale that was set.
    pub(super) fn decode(
        decompressor: &mut Decompressor,
        bytes: &[u8],
        scaled: &DecompressHeader,
        size: Dimensions,
    ) -> Result<(Self, Damage), RenderError> {
        let subsamp = scaled.subsamp;
        let length = turbojpeg::yuv_pixels_len(scaled.width, 1, scaled.height, subsamp)
            .map_err(|error| RenderError::Corrupt(error.to_string()))?;
        let mut pixels = vec![0; length];
        let damage = damage::recoverable(decompressor.decompress_to_yuv(
            bytes,
            YuvImage {
                pixels: pixels.as_mut_slice(),
                width: scaled.width,
                align: 1,
                height: scaled.height,
                subsamp,
            },
        ))?;
        let factor = |factor| u32::try_from(factor).unwrap_or(1);
        let step = (factor(subsamp.width()), factor(subsamp.height()));
        let chroma = (subsamp != Subsamp::Gray)
            .then(|| Dimensions::new(size.width.div_ceil(step.0), size.height.div_ceil(step.1)));
        let packed = Self {
            pixels,
            size,
            chroma,
            step,
        };
        Ok((packed, damage))
    }

    /// Luma is padded to whole chroma samples.
    fn padded(&self) -> Dimensions {
        self.chroma.map_or(self.size, |chroma| {
            Dimensions::new(chroma.width * self.step.0, chroma.height * self.step.1)
        })
    }

    /// Luma, blue and red; the latter are empty in a grey picture.
    fn parts(&self) -> (&[u8], &[u8], &[u8]) {
        let samples = self
            .chroma
            .map_or(0, |size| size.width as usize * size.height as usize);
        let luma = self.pixels.len().saturating_sub(2 * samples);
        let (luma, chroma) = self.pixels.split_at(luma);
        let (blue, red) = chroma.split_at(samples.min(chroma.len()));
        (luma, blue, red)
    }

    /// How many rows at the bottom the decoder had no data for.
    pub(super) fn grey_rows(&self) -> u32 {
        let (luma, _, red) = self.parts();
        let without_luma = damage::grey_rows(luma, self.padded().width as usize, 128);
        let without_red = self.chroma.map_or(u32::MAX, |size| {
            damage::grey_rows(red, size.width as usize, 128)
                .saturating_mul(self.size.height)
                .div_ceil(size.height.max(1))
        });
        without_luma.min(without_red)
    }

    /// The picture at `target`, with chroma of half its size.
    pub(super) fn reduced(self, target: Dimensions) -> Result<Planes, RenderError> {
        let (luma, blue, red) = self.parts();
        let whole = (self.size.width.into(), self.size.height.into());
        Ok(Planes {
            luma: Plane::reduced(luma, self.padded(), whole, target)?,
            chroma: self
                .chroma
                .map(|samples| {
                    let crop = Chroma::span(self.size, self.step, samples, target);
                    let half = Chroma::half_of(target);
                    Ok(Chroma {
                        blue: Plane::reduced(blue, samples, crop, half)?,
                        red: Plane::reduced(red, samples, crop, half)?,
                    })
                })
                .transpose()?,
        })
    }
}
