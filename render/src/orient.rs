//! Turns a plane of pixels upright.

use image::metadata::Orientation;

use super::fit::Dimensions;

/// Applies `orientation` to `N` interleaved bytes per pixel.
///
/// Walks the source in blocks, because a transposed walk over a large plane
/// would touch a new cache line for every pixel.
pub(super) fn orient<const N: usize>(
    pixels: Vec<u8>,
    size: Dimensions,
    orientation: Orientation,
) -> Vec<u8> {
    const BLOCK: usize = 32;
    let (width, height) = (size.width as usize, size.height as usize);
    let transposed = is_transposing(orientation);
    match orientation {
        Orientation::NoTransforms => return pixels,
        _ if pixels.len() != width * height * N => return pixels,
        _ => {}
    }
    let (flip_x, flip_y) = source_flips(orientation);
    let (out_width, out_height) = if transposed {
        (height, width)
    } else {
        (width, height)
    };
    let (source, _) = pixels.as_chunks::<N>();
    let mut oriented = vec![0; pixels.len()];
    let (target, _) = oriented.as_chunks_mut::<N>();
    for top in (0..out_height).step_by(BLOCK) {
        for left in (0..out_width).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(out_height) {
                for x in left..(left + BLOCK).min(out_width) {
                    let (sx, sy) = if transposed { (y, x) } else { (x, y) };
                    let sx = if flip_x { width - 1 - sx } else { sx };
                    let sy = if flip_y { height - 1 - sy } else { sy };
                    if let (Some(to), Some(from)) = (
                        target.get_mut(y * out_width + x),
                        source.get(sy * width + sx),
                    ) {
                        *to = *from;
                    }
                }
            }
        }
    }
    oriented
}

fn is_transposing(orientation: Orientation) -> bool {
    Dimensions::new(1, 2).oriented(orientation) == Dimensions::new(2, 1)
}

/// Which source axes run backwards, after the transposition if there is one.
fn source_flips(orientation: Orientation) -> (bool, bool) {
    match orientation {
        Orientation::NoTransforms | Orientation::Rotate90FlipH => (false, false),
        Orientation::FlipHorizontal | Orientation::Rotate270 => (true, false),
        Orientation::FlipVertical | Orientation::Rotate90 => (false, true),
        Orientation::Rotate180 | Orientation::Rotate270FlipH => (true, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_image_crate_for_all_eight() {
        let (width, height) = (37, 70);
        let pixels: Vec<u8> = (0..width * height * 3)
            .map(|i| u8::try_from(i % 251).unwrap())
            .collect();
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut expected = image::DynamicImage::ImageRgb8(
                image::RgbImage::from_raw(width, height, pixels.clone()).unwrap(),
            );
            expected.apply_orientation(orientation);
            let ours = orient::<3>(pixels.clone(), Dimensions::new(width, height), orientation);
            assert_eq!(ours, expected.into_bytes(), "orientation {exif}");
        }
    }
}
