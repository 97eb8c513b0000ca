//! The bombs, generated: small files whose headers or streams promise far more.

use std::io::Write;

use cloudalbum_domain::FailureCode::{
    self, CorruptImage, DecodeMemoryBudget, TooManyPixels, TypeMismatch, UnsupportedFormat,
};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

/// What a polyglot hides.
pub(super) const SCRIPT: &[u8] = b"<script>alert(1)</script>";

/// One file and what has to become of it; without a code it is shown.
pub(super) struct Bomb {
    pub(super) name: &'static str,
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) code: Option<FailureCode>,
}

pub(super) fn all() -> Vec<Bomb> {
    let bomb = |name, content_type, bytes, code| Bomb {
        name,
        content_type,
        bytes,
        code,
    };
    let jpeg = |name, bytes, code| bomb(name, "image/jpeg", bytes, code);
    let png = |name, bytes, code| bomb(name, "image/png", bytes, code);
    let plain = compressed(false);
    let progressive = compressed(true);
    let cut = plain.get(..plain.len() / 10).unwrap_or_default().to_vec();
    let polyglot = [&plain[..], SCRIPT, b"PK\x03\x04"].concat();
    vec![
        jpeg(
            "30000.jpg",
            sized(&plain, 30_000, 30_000),
            Some(TooManyPixels),
        ),
        jpeg(
            "65500.jpg",
            sized(&plain, 65_500, 65_500),
            Some(TooManyPixels),
        ),
        jpeg(
            "65500p.jpg",
            sized(&progressive, 65_500, 65_500),
            Some(TooManyPixels),
        ),
        jpeg(
            "coefficients.jpg",
            sized(&progressive, 10_900, 10_900),
            Some(DecodeMemoryBudget),
        ),
        jpeg(
            "scans.jpg",
            many_scans(&progressive),
            Some(DecodeMemoryBudget),
        ),
        jpeg("cut.jpg", cut, Some(CorruptImage)),
        jpeg("profile.jpg", huge_profile(&plain), None),
        jpeg("polyglot.jpg", polyglot, None),
        jpeg("drawing.jpg", drawing(), Some(UnsupportedFormat)),
        jpeg("lie.jpg", png_of(8, 8, 2, 200), Some(TypeMismatch)),
        png(
            "archive.png",
            b"PK\x03\x04 not a picture".to_vec(),
            Some(UnsupportedFormat),
        ),
        png(
            "30000.png",
            png_of(30_000, 30_000, 2, 1 << 20),
            Some(TooManyPixels),
        ),
        // 64 bits a pixel, so that the pixels fit and the bytes do not.
        png(
            "deep.png",
            png_of(10_000, 10_000, 6, 1 << 20),
            Some(DecodeMemoryBudget),
        ),
        // The rows of eight pixels, then hundreds of megabytes that nobody asked for.
        png("inflated.png", png_of(8, 8, 2, 400 << 20), None),
        png("profile.png", png_with_profile(400 << 20), None),
        bomb("endless.gif", "image/gif", endless_gif(), None),
        bomb(
            "65535.gif",
            "image/gif",
            gif_screen(65_535, 65_535),
            Some(TooManyPixels),
        ),
        bomb(
            "canvas.webp",
            "image/webp",
            webp_canvas(),
            Some(TooManyPixels),
        ),
        bomb(
            "30000.bmp",
            "image/bmp",
            bmp(30_000, 30_000),
            Some(TooManyPixels),
        ),
    ]
}

fn compressed(progressive: bool) -> Vec<u8> {
    let (width, height) = (320, 240);
    let pixels: Vec<u8> = (0..width * height * 3)
        .map(|at| u8::try_from(at * 7919 % 251).unwrap())
        .collect();
    let mut compressor = Compressor::new().unwrap();
    compressor.set_subsamp(Subsamp::None).unwrap();
    compressor.set_progressive(progressive).unwrap();
    let image = Image {
        pixels: pixels.as_slice(),
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    };
    compressor.compress_to_vec(image).unwrap()
}

/// The same file with other dimensions in its frame header.
fn sized(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut jpeg = jpeg.to_vec();
    let frame = |marker: &[u8]| matches!(marker, [0xFF, 0xC0 | 0xC2]);
    let at = jpeg.windows(2).position(frame).unwrap();
    jpeg[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

/// The last scan again and again: each visits every block.
fn many_scans(jpeg: &[u8]) -> Vec<u8> {
    let scan = |marker: &[u8]| marker == [0xFF, 0xDA];
    let at = jpeg.windows(2).rposition(scan).unwrap();
    let end = jpeg.len() - 2;
    let mut bytes = jpeg[..end].to_vec();
    for _ in 0..2000 {
        bytes.extend(&jpeg[at..end]);
    }
    bytes.extend([0xFF, 0xD9]);
    bytes
}

/// A complete profile of eight megabytes, in chunks as long as segments can be.
fn huge_profile(jpeg: &[u8]) -> Vec<u8> {
    const CHUNKS: u8 = 130;
    let mut bytes = jpeg[..2].to_vec();
    for number in 1..=CHUNKS {
        bytes.extend([0xFF, 0xE2, 0xFF, 0xFF]);
        bytes.extend(b"ICC_PROFILE\0");
        bytes.extend([number, CHUNKS]);
        bytes.resize(bytes.len() + 65_533 - 14, number);
    }
    bytes.extend(&jpeg[2..]);
    bytes
}

fn drawing() -> Vec<u8> {
    let mut bytes = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>".to_vec();
    bytes.extend(SCRIPT);
    bytes.extend(b"</svg>");
    bytes
}

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap();
    [
        &length.to_be_bytes()[..],
        kind,
        data,
        &crc.sum().to_be_bytes(),
    ]
    .concat()
}

/// A deflated stream of `length` zeros, a thousandth as long.
fn zeros(length: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; 1 << 20];
    let mut left = length;
    while left > 0 {
        let part = left.min(block.len());
        encoder.write_all(&block[..part]).unwrap();
        left -= part;
    }
    encoder.finish().unwrap()
}

/// PNG 1.2: colour type 2 is RGB of 8 bits here, 6 is RGBA of 16.
fn png_header(width: u32, height: u32, colour: u8) -> Vec<u8> {
    let depth = if colour == 6 { 16 } else { 8 };
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([depth, colour, 0, 0, 0]);
    [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &header)[..]].concat()
}

fn png_of(width: u32, height: u32, colour: u8, inflated: usize) -> Vec<u8> {
    let mut png = png_header(width, height, colour);
    png.extend(chunk(b"IDAT", &zeros(inflated)));
    png.extend(chunk(b"IEND", b""));
    png
}

fn png_with_profile(inflated: usize) -> Vec<u8> {
    let mut png = png_header(8, 8, 2);
    png.extend(chunk(
        b"iCCP",
        &[b"sRGB\0\0", &zeros(inflated)[..]].concat(),
    ));
    png.extend(chunk(b"IDAT", &zeros(200)));
    png.extend(chunk(b"IEND", b""));
    png
}

fn gif_screen(width: u16, height: u16) -> Vec<u8> {
    let mut gif = b"GIF89a".to_vec();
    gif.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    // A palette of black and white, then the picture's own header.
    gif.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
    gif.extend(gif_frame(width, height));
    gif
}

/// One black frame; its data stop after the first pixels.
fn gif_frame(width: u16, height: u16) -> Vec<u8> {
    let mut frame = b",\0\0\0\0".to_vec();
    frame.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    frame.extend([0, 2, 2, 0x44, 1, 0]);
    frame
}

/// Half a million frames of one pixel and no end.
fn endless_gif() -> Vec<u8> {
    let mut gif = gif_screen(1, 1);
    for _ in 0..500_000 {
        gif.extend(gif_frame(1, 1));
    }
    gif
}

/// An extended WebP whose canvas has 268 million pixels.
fn webp_canvas() -> Vec<u8> {
    let side = &16_383_u32.to_le_bytes()[..3];
    let canvas = [&[0; 4][..], side, side].concat();
    // A lossless stream of the same size that ends after its header.
    let stream = b"VP8L\x06\0\0\0\x2F\xFF\xFF\xFF\x0F\0";
    let body = [b"WEBPVP8X", &10_u32.to_le_bytes()[..], &canvas, stream].concat();
    let length = u32::try_from(body.len()).unwrap();
    [b"RIFF", &length.to_le_bytes()[..], &body].concat()
}

fn bmp(width: i32, height: i32) -> Vec<u8> {
    let mut bmp = b"BM".to_vec();
    for number in [1 << 20, 0, 54, 40, width, height] {
        bmp.extend(number.to_le_bytes());
    }
    bmp.extend([1, 0, 24, 0]);
    bmp.resize(4096, 0);
    bmp
}
