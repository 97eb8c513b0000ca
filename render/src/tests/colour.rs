//! Colours as the embedded profile means them.

use cloudalbum_domain::Recipe;
use image::{DynamicImage, ImageEncoder, RgbImage};
use moxcms::{ColorProfile, Layout, TransformOptions};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::super::{Budget, Warning, render};
use super::rendered;
use super::scene::{
    Jpeg, QUARTERS, assert_close, assert_shows_scene, assert_shows_scene_within, quarters, scene,
};

fn icc_segment(profile: &[u8]) -> (u8, Vec<u8>) {
    let mut payload = b"ICC_PROFILE\0\x01\x01".to_vec();
    payload.extend(profile);
    (0xE2, payload)
}

/// The scene with its numbers in another space, so that it looks the same there.
fn scene_in(profile: &ColorProfile, width: u32, height: u32) -> RgbImage {
    let to = ColorProfile::new_srgb()
        .create_transform_8bit(
            Layout::Rgb,
            profile,
            Layout::Rgb,
            TransformOptions::default(),
        )
        .unwrap();
    let srgb = scene(width, height).into_raw();
    let mut converted = vec![0; srgb.len()];
    to.transform(&srgb, &mut converted).unwrap();
    RgbImage::from_raw(width, height, converted).unwrap()
}

#[test]
fn brings_display_p3_and_adobe_rgb_to_srgb() {
    for profile in [
        ColorProfile::new_display_p3(),
        ColorProfile::new_adobe_rgb(),
    ] {
        let icc = profile.encode().unwrap();
        let picture = scene_in(&profile, 1201, 901);
        let moved = quarters(&picture)
            .iter()
            .zip(QUARTERS)
            .any(|(wide, srgb)| wide[0].abs_diff(srgb[0]) > 10);
        assert!(moved, "the test would pass without a conversion");

        let jpeg = Jpeg {
            segments: vec![icc_segment(&icc)],
            ..Jpeg::default()
        };
        // What JPEG loses in the wide space grows in the narrow one.
        assert_shows_scene_within(&rendered(&jpeg.encode(&picture)), 12, "jpeg");

        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        encoder.set_icc_profile(icc).unwrap();
        encoder
            .write_image(&picture, 1201, 901, image::ExtendedColorType::Rgb8)
            .unwrap();
        assert_shows_scene(&rendered(&png), "png");
    }
}

#[test]
fn an_srgb_profile_changes_nothing() {
    let icc = ColorProfile::new_srgb().encode().unwrap();
    let picture = scene(640, 480);
    let plain = Jpeg::default().encode(&picture);
    let tagged = Jpeg {
        segments: vec![icc_segment(&icc)],
        ..Jpeg::default()
    }
    .encode(&picture);
    let (plain, tagged) = (rendered(&plain), rendered(&tagged));
    assert_eq!(plain.renditions[0].bytes, tagged.renditions[0].bytes);
}

#[test]
fn a_useless_profile_is_a_warning() {
    let grey = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
    for profile in [b"not a profile".to_vec(), grey] {
        let jpeg = Jpeg {
            segments: vec![icc_segment(&profile)],
            ..Jpeg::default()
        };
        let made = rendered(&jpeg.encode(&scene(640, 480)));
        assert_eq!(made.warnings, [Warning::ColourProfile]);
        assert_shows_scene(&made, "useless profile");
    }
}

#[test]
fn shows_adobe_cmyk_and_ycck() {
    let picture = scene(801, 601);
    // Inks inverted, as Adobe stores them, and black left out.
    let inks: Vec<u8> = DynamicImage::ImageRgb8(picture)
        .into_rgb8()
        .as_raw()
        .as_chunks::<3>()
        .0
        .iter()
        .flat_map(|&[r, g, b]| [r, g, b, 255])
        .collect();
    for subsamp in [Subsamp::None, Subsamp::Sub2x2] {
        let mut compressor = Compressor::new().unwrap();
        compressor.set_quality(95).unwrap();
        compressor.set_subsamp(subsamp).unwrap();
        let bytes = compressor
            .compress_to_vec(Image {
                pixels: inks.as_slice(),
                width: 801,
                pitch: 801 * 4,
                height: 601,
                format: PixelFormat::CMYK,
            })
            .unwrap();
        let made = render(&bytes, &Recipe::default(), &Budget::default()).unwrap();
        assert_shows_scene(&made, "cmyk");
    }
}

#[test]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a level from 0 to 1"
)]
fn the_placeholder_has_the_average_colour() {
    let picture = RgbImage::from_pixel(640, 480, image::Rgb([180, 90, 60]));
    let made = rendered(&Jpeg::default().encode(&picture));
    let (r, g, b, _) = thumbhash::thumb_hash_to_average_rgba(&made.thumbhash).unwrap();
    let found = [r, g, b].map(|level| (level * 255.0).round() as u8);
    assert_close(found, [180, 90, 60], 12, "thumbhash");
}
