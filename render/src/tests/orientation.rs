//! All eight orientations, applied once.

use image::{DynamicImage, ImageFormat, RgbImage};
use turbojpeg::Subsamp;

use super::rendered;
use super::scene::{Jpeg, assert_shows_scene, encode, exif, scene, stored_for};

#[test]
fn turns_every_orientation_upright_in_every_layout() {
    for orientation in 1..=8 {
        // Odd on purpose: chroma has no whole number of samples there.
        let stored = stored_for(scene(1101, 777), orientation);
        for subsamp in [
            Subsamp::None,
            Subsamp::Sub2x1,
            Subsamp::Sub2x2,
            Subsamp::Sub1x2,
        ] {
            assert_upright(&stored, orientation, subsamp);
        }
    }
    // Larger than every size, so that the turn comes after a reduction.
    assert_upright(&stored_for(scene(2501, 1777), 6), 6, Subsamp::Sub2x1);
}

fn assert_upright(stored: &RgbImage, orientation: u8, subsamp: Subsamp) {
    let jpeg = Jpeg {
        subsamp,
        segments: vec![exif(orientation)],
        ..Jpeg::default()
    };
    let made = rendered(&jpeg.encode(stored));
    let shown = scene_size(stored, orientation);
    assert_eq!((made.width, made.height), shown);
    assert_eq!(made.warnings, []);
    assert_shows_scene(&made, &format!("{orientation} {subsamp:?}"));
}

/// From the fifth on, orientations swap the sides.
fn scene_size(stored: &RgbImage, orientation: u8) -> (u32, u32) {
    let (width, height) = stored.dimensions();
    if orientation < 5 {
        (width, height)
    } else {
        (height, width)
    }
}

#[test]
fn a_rendition_carries_no_orientation_of_its_own() {
    let jpeg = Jpeg {
        segments: vec![exif(6)],
        ..Jpeg::default()
    };
    for rendition in rendered(&jpeg.encode(&scene(640, 480))).renditions {
        let needle = b"Exif";
        assert!(!rendition.bytes.windows(4).any(|bytes| bytes == needle));
    }
}

#[test]
fn a_wrong_orientation_is_none() {
    for orientation in [0, 9, 255] {
        let jpeg = Jpeg {
            segments: vec![exif(orientation)],
            ..Jpeg::default()
        };
        let made = rendered(&jpeg.encode(&scene(400, 300)));
        assert_shows_scene(&made, "wrong orientation");
    }
}

#[test]
fn turns_a_webp_by_its_exif() {
    let stored = stored_for(scene(640, 480), 6);
    let plain = encode(&DynamicImage::ImageRgb8(stored.clone()), ImageFormat::WebP);
    // An extended file: VP8X with the EXIF flag, the picture, the EXIF chunk.
    let (_, segment) = exif(6);
    let tiff = &segment[6..];
    let mut body = b"WEBPVP8X\x0A\0\0\0\x08\0\0\0".to_vec();
    body.extend(&(stored.width() - 1).to_le_bytes()[..3]);
    body.extend(&(stored.height() - 1).to_le_bytes()[..3]);
    body.extend(&plain[12..]);
    body.extend(b"EXIF");
    body.extend(u32::try_from(tiff.len()).unwrap().to_le_bytes());
    body.extend(tiff);
    let mut file = b"RIFF".to_vec();
    file.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    file.extend(body);
    let made = rendered(&file);
    assert_eq!((made.width, made.height), (640, 480));
    assert_shows_scene(&made, "webp");
}
