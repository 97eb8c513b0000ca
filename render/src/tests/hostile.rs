//! Files made to break or to starve a decoder: each ends in its code.

use cloudalbum_domain::{FailureCode, Recipe};
use image::{DynamicImage, ImageFormat};

use super::super::{Budget, Warning, render};
use super::scene::{Jpeg, encode, scene};
use super::{code, rendered};

/// Overwrites the dimensions in the frame header.
fn with_dimensions(mut jpeg: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let at = jpeg
        .windows(2)
        .position(|marker| matches!(marker, [0xFF, 0xC0 | 0xC2]))
        .unwrap();
    jpeg[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

fn png_with_dimensions(width: u32, height: u32) -> Vec<u8> {
    let mut png = encode(&DynamicImage::ImageRgb8(scene(8, 8)), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    png
}

#[test]
fn refuses_what_is_no_photo() {
    for bytes in [
        &b""[..],
        b"just text",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"PK\x03\x04 a zip archive",
        b"%PDF-1.7",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    ] {
        assert_eq!(code(bytes), FailureCode::UnsupportedFormat);
    }
}

#[test]
fn refuses_pixel_bombs_by_their_header() {
    let jpeg = Jpeg::default().encode(&scene(64, 64));
    assert_eq!(
        code(&with_dimensions(jpeg.clone(), 65_500, 65_500)),
        FailureCode::TooManyPixels
    );
    assert_eq!(
        code(&with_dimensions(jpeg, 30_000, 30_000)),
        FailureCode::TooManyPixels
    );
    assert_eq!(
        code(&png_with_dimensions(30_000, 30_000)),
        FailureCode::TooManyPixels
    );
    let mut gif = b"GIF89a\xFF\xFF\xFF\xFF\0\0\0,\0\0\0\0\xFF\xFF\xFF\xFF\0\x08".to_vec();
    gif.extend([255; 64]);
    assert_eq!(code(&gif), FailureCode::TooManyPixels);
}

#[test]
fn refuses_progressive_coefficients_over_the_budget() {
    let jpeg = Jpeg {
        progressive: true,
        subsamp: turbojpeg::Subsamp::None,
        ..Jpeg::default()
    }
    .encode(&scene(64, 64));
    let bomb = with_dimensions(jpeg, 10_900, 10_900);
    assert_eq!(code(&bomb), FailureCode::DecodeMemoryBudget);
}

#[test]
fn refuses_too_many_scans() {
    let jpeg = Jpeg {
        progressive: true,
        ..Jpeg::default()
    }
    .encode(&scene(640, 480));
    let at = jpeg
        .windows(2)
        .rposition(|marker| marker == [0xFF, 0xDA])
        .unwrap();
    let scan = jpeg[at..jpeg.len() - 2].to_vec();
    let mut bomb = jpeg[..jpeg.len() - 2].to_vec();
    for _ in 0..1000 {
        bomb.extend(&scan);
    }
    bomb.extend([0xFF, 0xD9]);
    assert_eq!(code(&bomb), FailureCode::DecodeMemoryBudget);
}

#[test]
fn a_budget_of_memory_binds_every_decoder() {
    let budget = Budget {
        memory: 1 << 20,
        ..Budget::default()
    };
    let picture = DynamicImage::ImageRgb8(scene(1500, 1500));
    for bytes in [
        encode(&picture, ImageFormat::Png),
        encode(&picture, ImageFormat::WebP),
        encode(&picture, ImageFormat::Tiff),
        encode(&picture, ImageFormat::Bmp),
        encode(&picture, ImageFormat::Gif),
        Jpeg::default().encode(&scene(1500, 1500)),
    ] {
        let error = render(&bytes, &Recipe::default(), &budget).unwrap_err();
        assert_eq!(error.code(), FailureCode::DecodeMemoryBudget, "{error}");
    }
}

#[test]
fn shows_what_a_truncated_jpeg_still_holds() {
    let noisy = image::RgbImage::from_fn(1600, 1200, |x, y| {
        let value = u8::try_from((x * 7919 + y * 104_729) % 251).unwrap();
        image::Rgb([value, value / 2, 255 - value])
    });
    for progressive in [false, true] {
        let whole = Jpeg {
            progressive,
            ..Jpeg::default()
        }
        .encode(&noisy);
        let most = rendered(&whole[..whole.len() * 8 / 10]);
        let [Warning::Truncated { missing_percent }] = most.warnings[..] else {
            panic!("{:?}", most.warnings);
        };
        assert!(missing_percent <= 25, "{missing_percent}");
        assert!(progressive || missing_percent >= 15, "{missing_percent}");
    }
    let baseline = Jpeg::default().encode(&noisy);
    assert_eq!(
        code(&baseline[..baseline.len() / 4]),
        FailureCode::CorruptImage
    );
    assert_eq!(code(&baseline[..300]), FailureCode::CorruptImage);
    assert_eq!(code(&baseline[..3]), FailureCode::CorruptImage);
}

#[test]
fn a_damaged_jpeg_is_shown_with_a_warning() {
    let mut bytes = Jpeg::default().encode(&scene(1600, 1200));
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20].fill(0xA5);
    let made = rendered(&bytes);
    assert_eq!(made.renditions.len(), 4);
    assert_eq!(made.warnings.len(), 1);
}

#[test]
fn cut_files_end_in_a_code_or_in_renditions() {
    let picture = DynamicImage::ImageRgb8(scene(320, 240));
    let mut files = vec![Jpeg::default().encode(&scene(320, 240))];
    for format in [
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
        ImageFormat::Gif,
    ] {
        files.push(encode(&picture, format));
    }
    for (place, file) in files.iter().enumerate() {
        let whole = rendered(file).thumbhash;
        for length in (0..file.len()).step_by(file.len() / 40 + 1) {
            match render(&file[..length], &Recipe::default(), &Budget::default()) {
                Ok(made) => {
                    assert_eq!(made.renditions.len(), 4);
                    // A JPEG alone is shown in part.
                    assert!(place == 0 || made.thumbhash == whole, "{length} of {place}");
                }
                Err(error) => assert!(matches!(
                    error.code(),
                    FailureCode::CorruptImage
                        | FailureCode::UnsupportedFormat
                        | FailureCode::DecodeMemoryBudget
                )),
            }
        }
    }
}

#[test]
fn time_runs_out() {
    let budget = Budget {
        time: std::time::Duration::ZERO,
        ..Budget::default()
    };
    let bytes = Jpeg::default().encode(&scene(640, 480));
    let error = render(&bytes, &Recipe::default(), &budget).unwrap_err();
    assert_eq!(error.code(), FailureCode::Timeout);
}
