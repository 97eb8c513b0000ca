//! Photos for a measured album: one camera's, and small ones, each distinct.

use std::io::Cursor;
use std::path::Path;

use anyhow::ensure;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, RgbImage};
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};

use crate::metadata::PHOTOS;

/// 12 megapixels, baseline, with EXIF.
const CAMERA: &str = "exif-samples/jpg/tests/42_IndexError.jpg";

/// A camera's photo of 12 megapixels; a drawn one where it is not at hand.
pub(crate) fn camera() -> anyhow::Result<Vec<u8>> {
    match std::fs::read(Path::new(PHOTOS).join(CAMERA)) {
        Ok(bytes) => Ok(bytes),
        Err(_) => drawn(4032, 3024, 90),
    }
}

/// About 100 kB.
pub(crate) fn small() -> anyhow::Result<Vec<u8>> {
    drawn(1000, 750, 80)
}

/// The same picture with a comment of its own after SOI (ITU-T T.81, B.2.4.5),
/// so that its bytes and its hash are its own.
pub(crate) fn distinct(jpeg: &[u8], number: u32) -> anyhow::Result<Vec<u8>> {
    let (start, rest) = jpeg.split_at_checked(2).unwrap_or_default();
    ensure!(start == [0xff, 0xd8], "not a JPEG");
    let comment = [0xff, 0xfe, 0, 6];
    Ok([start, &comment, &number.to_be_bytes(), rest].concat())
}

/// Clouds of several scales, so that the entropy coder has work as with a photo.
fn drawn(width: u32, height: u32, quality: u8) -> anyhow::Result<Vec<u8>> {
    let mut chance = StdRng::seed_from_u64(12);
    let mut layer = |scale: u32| {
        let mut noise = RgbImage::new(scale, scale);
        chance.fill_bytes(&mut noise);
        let noise = DynamicImage::from(noise);
        noise
            .resize_exact(width, height, FilterType::CatmullRom)
            .into_rgb8()
    };
    let mut picture = layer(6);
    for (scale, share) in [(48, 40_u16), (width / 3, 15)] {
        let finer = layer(scale);
        for (pixel, detail) in picture.iter_mut().zip(finer.iter()) {
            let mixed = u16::from(*pixel) * (100 - share) + u16::from(*detail) * share;
            *pixel = u8::try_from(mixed / 100)?;
        }
    }
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&picture)?;
    Ok(bytes.into_inner())
}
