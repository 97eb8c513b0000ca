//! A decoded picture in one of the two forms that sizes are derived from.

use cloudalbum_domain::Format;
use fast_image_resize as fir;
use image::metadata::Orientation;

use super::error::RenderError;
use super::fit::Dimensions;
use super::planes::Planes;
use super::rgb::Rgb;

/// Pixels in sRGB: as the luma and chroma of JPEG, or interleaved.
#[derive(Clone, Debug)]
pub(super) enum Pixels {
    Planes(Planes),
    Rgb(Rgb),
}

impl Pixels {
    pub(super) fn size(&self) -> Dimensions {
        match self {
            Self::Planes(planes) => planes.size(),
            Self::Rgb(rgb) => rgb.size,
        }
    }

    pub(super) fn resized(&self, size: Dimensions) -> Result<Self, RenderError> {
        Ok(match self {
            Self::Planes(planes) => Self::Planes(planes.resized(size)?),
            Self::Rgb(rgb) => Self::Rgb(rgb.resized(size)?),
        })
    }

    pub(super) fn oriented(self, orientation: Orientation) -> Self {
        match self {
            Self::Planes(planes) => Self::Planes(planes.oriented(orientation)),
            Self::Rgb(rgb) => Self::Rgb(rgb.oriented(orientation)),
        }
    }

    pub(super) fn encode(&self, format: Format, quality: u8) -> Result<Vec<u8>, RenderError> {
        match (self, format) {
            (Self::Planes(planes), Format::Jpeg) => planes.encode_jpeg(quality),
            (Self::Planes(planes), Format::WebP) => planes.to_rgb().encode_webp(quality),
            (Self::Rgb(rgb), Format::Jpeg) => rgb.encode_jpeg(quality),
            (Self::Rgb(rgb), Format::WebP) => rgb.encode_webp(quality),
        }
    }

    pub(super) fn to_rgb(&self) -> Rgb {
        match self {
            Self::Planes(planes) => planes.to_rgb(),
            Self::Rgb(rgb) => rgb.clone(),
        }
    }
}

/// Resamples with Lanczos3 from the part of `source` that spans `crop` of its
/// pixels from the top left corner, weighing colours by their alpha.
pub(super) fn resample(
    source: &[u8],
    from: Dimensions,
    crop: (f64, f64),
    to: Dimensions,
    kind: fir::PixelType,
) -> Result<Vec<u8>, RenderError> {
    let internal = |error: &dyn std::fmt::Display| RenderError::Encode(format!("resize: {error}"));
    let source = fir::images::ImageRef::new(from.width, from.height, source, kind)
        .map_err(|error| internal(&error))?;
    let mut target = fir::images::Image::new(to.width, to.height, kind);
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3))
        .crop(0.0, 0.0, crop.0, crop.1);
    fir::Resizer::new()
        .resize(&source, &mut target, Some(&options))
        .map_err(|error| internal(&error))?;
    Ok(target.into_vec())
}
