//! Bombs, polyglots and the corpus of the fuzz target, among good photos.

use std::path::Path;

use cloudalbum_domain::FailureCode;
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat};

use super::super::{Budget, Recipe, RenderError, Rendered, render};
use super::rendered;
use super::scene::{Jpeg, assert_shows_scene, encode, scene};

/// A GIF of one small frame, said over and over.
fn frames(count: usize) -> Vec<u8> {
    let encoded = |count| {
        let mut gif = Vec::new();
        let mut encoder = GifEncoder::new(&mut gif);
        for _ in 0..count {
            let picture = DynamicImage::ImageRgb8(scene(8, 8)).into_rgba8();
            encoder.encode_frame(Frame::new(picture)).unwrap();
        }
        drop(encoder);
        gif
    };
    let (mut gif, two) = (encoded(1), encoded(2));
    let frame = &two[gif.len() - 1..two.len() - 1];
    gif.pop();
    gif.extend(frame.repeat(count - 1));
    gif
}

#[test]
fn bombs_end_in_their_codes_and_spare_their_neighbours() {
    let bombs: [(&str, Vec<u8>, FailureCode); 6] = [
        (
            "svg named jpg",
            b"<?xml version='1.0'?><svg width='30000' height='30000'/>".to_vec(),
            FailureCode::UnsupportedFormat,
        ),
        (
            "zip named png",
            b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(),
            FailureCode::UnsupportedFormat,
        ),
        (
            "png signature, then a jpeg",
            [
                b"\x89PNG\r\n\x1a\n".to_vec(),
                Jpeg::default().encode(&scene(64, 64)),
            ]
            .concat(),
            FailureCode::CorruptImage,
        ),
        (
            "bmp of a terapixel",
            {
                let mut bmp = encode(&DynamicImage::ImageRgb8(scene(8, 8)), ImageFormat::Bmp);
                bmp[18..22].copy_from_slice(&1_000_000_i32.to_le_bytes());
                bmp[22..26].copy_from_slice(&1_000_000_i32.to_le_bytes());
                bmp
            },
            FailureCode::TooManyPixels,
        ),
        (
            "gif of a huge screen",
            {
                let mut gif = frames(2);
                gif[6..10].fill(0xff);
                gif
            },
            FailureCode::TooManyPixels,
        ),
        (
            "jpeg cut in its header",
            Jpeg::default().encode(&scene(64, 64))[..150].to_vec(),
            FailureCode::CorruptImage,
        ),
    ];
    let neighbour = Jpeg::default().encode(&scene(640, 480));
    let alone = rendered(&neighbour).renditions[0].bytes.clone();
    for (name, bomb, code) in bombs {
        let error = render(&bomb, &Recipe::default()).unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert_eq!(rendered(&neighbour).renditions[0].bytes, alone, "{name}");
    }
}

#[test]
fn of_an_endless_animation_only_the_first_frame_is_decoded() {
    let endless = frames(200_000);
    let made = rendered(&endless);
    assert_eq!((made.width, made.height), (8, 8));
    let one = rendered(&frames(1));
    assert_eq!(made.renditions[0].bytes, one.renditions[0].bytes);
}

/// What hides behind a picture is not served: renditions are encoded anew.
#[test]
fn nothing_of_a_polyglot_reaches_its_renditions() {
    let payload = b"PK\x03\x04<script>alert(1)</script>";
    let picture = DynamicImage::ImageRgb8(scene(640, 480));
    let comment = Jpeg {
        segments: vec![(0xFE, payload.to_vec())],
        ..Jpeg::default()
    };
    let mut polyglots = vec![comment.encode(&scene(640, 480))];
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        polyglots.push([encode(&picture, format), payload.to_vec()].concat());
    }
    for polyglot in polyglots {
        let made = rendered(&polyglot);
        assert_shows_scene(&made, "polyglot");
        for rendition in made.renditions {
            let script = rendition.bytes.windows(8).any(|bytes| bytes == b"<script>");
            assert!(!script, "{}", rendition.name);
        }
    }
}

/// The fuzz target's corpus, replayed with the target's own budget.
#[test]
fn the_corpus_of_the_fuzz_target_ends_in_renditions_or_a_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/render");
    let recipe = Recipe {
        budget: Budget {
            pixels: 4_000_000,
            memory: 64 << 20,
            ..Budget::default()
        },
        ..Recipe::default()
    };
    let outcomes: Vec<(String, Result<Rendered, RenderError>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let bytes = std::fs::read(entry.path()).unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, render(&bytes, &recipe))
        })
        .collect();
    assert!(outcomes.len() >= 10);
    for (name, outcome) in outcomes {
        let whole = cfg!(feature = "heif") || !(name.ends_with("heic") || name.ends_with("avif"));
        match outcome {
            Ok(made) => assert_eq!(made.renditions.len(), 4, "{name}"),
            Err(error) if whole => panic!("{name}: {error}"),
            Err(error) => assert_eq!(error.code(), FailureCode::UnsupportedFormat, "{name}"),
        }
    }
}
