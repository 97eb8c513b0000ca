//! A generated picture that no flip or turn maps to itself, and how to store it.

use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::super::Rendered;

/// The quarters: red, green, blue and yellow, from the top left by rows.
pub(super) const QUARTERS: [[u8; 3]; 4] =
    [[200, 30, 30], [30, 160, 40], [40, 50, 190], [220, 200, 40]];

pub(super) fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let quarter = usize::from(x * 2 >= width) + 2 * usize::from(y * 2 >= height);
        Rgb(QUARTERS[quarter])
    })
}

pub(super) struct Jpeg {
    pub(super) subsamp: Subsamp,
    pub(super) progressive: bool,
    /// Goes in front of the picture, each as marker and payload.
    pub(super) segments: Vec<(u8, Vec<u8>)>,
}

impl Default for Jpeg {
    fn default() -> Self {
        Self {
            subsamp: Subsamp::Sub2x2,
            progressive: false,
            segments: Vec::new(),
        }
    }
}

impl Jpeg {
    pub(super) fn encode(&self, picture: &RgbImage) -> Vec<u8> {
        let mut compressor = Compressor::new().unwrap();
        compressor.set_quality(95).unwrap();
        compressor.set_subsamp(self.subsamp).unwrap();
        compressor.set_progressive(self.progressive).unwrap();
        let width = picture.width() as usize;
        let bytes = compressor
            .compress_to_vec(Image {
                pixels: picture.as_raw().as_slice(),
                width,
                pitch: width * 3,
                height: picture.height() as usize,
                format: PixelFormat::RGB,
            })
            .unwrap();
        with_segments(&bytes, &self.segments)
    }
}

pub(super) fn with_segments(jpeg: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = jpeg[..2].to_vec();
    for (marker, payload) in segments {
        file.extend([0xFF, *marker]);
        file.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
        file.extend(payload);
    }
    file.extend(&jpeg[2..]);
    file
}

/// An EXIF segment that holds the orientation alone.
pub(super) fn exif(orientation: u8) -> (u8, Vec<u8>) {
    let mut payload = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    payload.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    (0xE1, payload)
}

/// The pixels that a camera stores so that `picture` is shown.
pub(super) fn stored_for(picture: RgbImage, orientation: u8) -> RgbImage {
    let inverse = match Orientation::from_exif(orientation).unwrap() {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        own => own,
    };
    let mut stored = DynamicImage::ImageRgb8(picture);
    stored.apply_orientation(inverse);
    stored.into_rgb8()
}

pub(super) fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The colour in the middle of each quarter.
pub(super) fn quarters(picture: &RgbImage) -> [[u8; 3]; 4] {
    let (w, h) = (picture.width(), picture.height());
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| picture.get_pixel(w * x / 4, h * y / 4).0)
}

pub(super) fn assert_close(found: [u8; 3], expected: [u8; 3], tolerance: u8, what: &str) {
    let close = found
        .iter()
        .zip(&expected)
        .all(|(a, b)| a.abs_diff(*b) <= tolerance);
    assert!(close, "{what}: {found:?} is not {expected:?}");
}

/// Every rendition shows the quarters in their places and has its size.
pub(super) fn assert_shows_scene(made: &Rendered, what: &str) {
    assert_shows_scene_within(made, 8, what);
}

pub(super) fn assert_shows_scene_within(made: &Rendered, tolerance: u8, what: &str) {
    assert_eq!(made.renditions.len(), 4, "{what}");
    for rendition in &made.renditions {
        let decoded = image::load_from_memory(&rendition.bytes).unwrap();
        assert_eq!(
            (decoded.width(), decoded.height()),
            (rendition.width, rendition.height),
            "{what}"
        );
        for (found, expected) in quarters(&decoded.into_rgb8()).into_iter().zip(QUARTERS) {
            assert_close(
                found,
                expected,
                tolerance,
                &format!("{what} {}", rendition.name),
            );
        }
    }
}
