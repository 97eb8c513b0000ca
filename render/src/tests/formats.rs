//! Every accepted format, and every odd shape of it.

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use turbojpeg::Subsamp;

use super::super::{Budget, render};
use super::rendered;
use super::scene::{Jpeg, assert_close, assert_shows_scene, encode, scene};
use cloudalbum_domain::{Format, MediaType, Recipe};

#[test]
fn shows_every_raster_format() {
    let picture = DynamicImage::ImageRgb8(scene(1301, 977));
    for format in [
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
    ] {
        let made = rendered(&encode(&picture, format));
        assert_eq!((made.width, made.height), (1301, 977));
        assert_shows_scene(&made, &format!("{format:?}"));
    }
}

#[test]
fn shows_the_first_frame_of_a_gif() {
    use image::codecs::gif::GifEncoder;
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    let frame = |picture| image::Frame::new(DynamicImage::ImageRgb8(picture).into_rgba8());
    encoder.encode_frame(frame(scene(500, 400))).unwrap();
    encoder
        .encode_frame(frame(image::RgbImage::new(500, 400)))
        .unwrap();
    drop(encoder);
    assert_shows_scene(&rendered(&bytes), "gif");
}

#[test]
fn shows_sixteen_bits_and_grey() {
    let colour = DynamicImage::ImageRgb16(DynamicImage::ImageRgb8(scene(700, 500)).into_rgb16());
    assert_shows_scene(&rendered(&encode(&colour, ImageFormat::Png)), "16 bits");
    assert_shows_scene(&rendered(&encode(&colour, ImageFormat::Tiff)), "16 bits");

    let grey =
        image::GrayImage::from_fn(701, 501, |x, _| image::Luma([u8::try_from(x / 3).unwrap()]));
    for picture in [
        DynamicImage::ImageLuma8(grey.clone()),
        DynamicImage::ImageLuma16(DynamicImage::ImageLuma8(grey).into_luma16()),
    ] {
        let made = rendered(&encode(&picture, ImageFormat::Png));
        let grid = image::load_from_memory(&made.renditions[0].bytes)
            .unwrap()
            .into_rgb8();
        assert_close(grid.get_pixel(160, 100).0, [116; 3], 3, "grey");
    }
}

#[test]
fn shows_a_grey_jpeg_as_grey() {
    let jpeg = Jpeg {
        subsamp: Subsamp::Gray,
        ..Jpeg::default()
    };
    let made = rendered(&jpeg.encode(&scene(901, 601)));
    for rendition in made.renditions {
        let decoded = image::load_from_memory(&rendition.bytes)
            .unwrap()
            .into_rgb8();
        let [r, g, b] = decoded.get_pixel(1, 1).0;
        assert_close([r, g, b], [81; 3], 3, rendition.name);
    }
}

#[test]
fn puts_alpha_on_white() {
    let glass = RgbaImage::from_fn(800, 600, |x, _| {
        if x < 400 {
            Rgba([255, 0, 0, 0])
        } else {
            Rgba([0, 0, 255, 128])
        }
    });
    let deep = DynamicImage::ImageRgba16(DynamicImage::ImageRgba8(glass.clone()).into_rgba16());
    for picture in [DynamicImage::ImageRgba8(glass), deep] {
        for rendition in rendered(&encode(&picture, ImageFormat::Png)).renditions {
            let decoded = image::load_from_memory(&rendition.bytes)
                .unwrap()
                .into_rgb8();
            let (w, h) = decoded.dimensions();
            assert_close(decoded.get_pixel(w / 4, h / 2).0, [255; 3], 3, "clear");
            assert_close(
                decoded.get_pixel(3 * w / 4, h / 2).0,
                [127, 127, 255],
                5,
                "half",
            );
        }
    }
}

#[test]
fn makes_every_size_of_the_smallest_and_the_thinnest() {
    for (width, height) in [
        (1, 1),
        (2, 1),
        (1, 3),
        (7, 5),
        (3, 4000),
        (9000, 2),
        (321, 241),
    ] {
        for subsamp in [
            Subsamp::None,
            Subsamp::Sub2x1,
            Subsamp::Sub2x2,
            Subsamp::Sub1x2,
            Subsamp::Sub4x1,
            Subsamp::Gray,
        ] {
            for progressive in [false, true] {
                let jpeg = Jpeg {
                    subsamp,
                    progressive,
                    ..Jpeg::default()
                };
                let made = rendered(&jpeg.encode(&scene(width, height)));
                assert_eq!((made.width, made.height), (width, height));
                for rendition in &made.renditions {
                    assert!(rendition.width <= width && rendition.height <= height);
                    let decoded = image::load_from_memory(&rendition.bytes).unwrap();
                    assert_eq!(
                        (decoded.width(), decoded.height()),
                        (rendition.width, rendition.height)
                    );
                }
                assert!(made.thumbhash.len() >= 5);
            }
        }
        let png = encode(
            &DynamicImage::ImageRgb8(scene(width, height)),
            ImageFormat::Png,
        );
        assert_eq!(rendered(&png).renditions.len(), 4);
    }
}

#[test]
fn a_progressive_jpeg_is_shown_at_every_scale() {
    for width in [300, 2047, 2048, 2049, 4097, 8200] {
        let jpeg = Jpeg {
            progressive: true,
            ..Jpeg::default()
        };
        assert_shows_scene(
            &rendered(&jpeg.encode(&scene(width, 801))),
            &width.to_string(),
        );
    }
}

#[test]
fn names_and_sizes_follow_the_recipe() {
    let made = rendered(&Jpeg::default().encode(&scene(4032, 3024)));
    let sizes: Vec<_> = made
        .renditions
        .iter()
        .map(|made| (made.name, made.width, made.height, made.media_type))
        .collect();
    assert_eq!(
        sizes,
        [
            ("grid", 320, 240, MediaType::Jpeg),
            ("medium", 1024, 768, MediaType::Jpeg),
            ("large", 2048, 1536, MediaType::Jpeg),
            ("classic", 267, 200, MediaType::Jpeg),
        ]
    );
}

#[test]
fn writes_webp_when_asked_to() {
    let recipe = Recipe {
        format: Format::WebP,
        ..Recipe::default()
    };
    let picture = scene(1200, 900);
    for bytes in [
        Jpeg::default().encode(&picture),
        encode(&DynamicImage::ImageRgb8(picture), ImageFormat::Png),
    ] {
        let made = render(&bytes, &recipe, &Budget::default()).unwrap();
        assert!(
            made.renditions
                .iter()
                .all(|made| made.media_type == MediaType::WebP)
        );
        assert_shows_scene(&made, "webp renditions");
    }
}
