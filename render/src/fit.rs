//! Sizes of pictures, and how they fit into boxes.

use cloudalbum_domain::{Recipe, Size};
use image::metadata::Orientation;

/// Width and height in pixels, both at least 1 once a header was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dimensions {
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Dimensions {
    pub(super) const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    pub(super) fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The dimensions after `orientation` is applied; its own inverse.
    pub(super) fn oriented(self, orientation: Orientation) -> Self {
        match orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => Self::new(self.height, self.width),
            _ => self,
        }
    }
}

/// The largest dimensions of the same shape inside `size`, never above `shown`
/// and never below one pixel.
pub(super) fn fit_within(shown: Dimensions, size: Size) -> Dimensions {
    let (width, height) = (u64::from(shown.width), u64::from(shown.height));
    let (max_width, max_height) = (u64::from(size.max_width), u64::from(size.max_height));
    if width <= max_width && height <= max_height {
        return shown;
    }
    let (made_width, made_height) = if width * max_height >= height * max_width {
        (max_width, rounded(height * max_width, width))
    } else {
        (rounded(width * max_height, height), max_height)
    };
    Dimensions {
        width: to_u32(made_width),
        height: to_u32(made_height),
    }
}

/// The largest rendition of a picture that is `shown` at these dimensions.
pub(super) fn largest(recipe: &Recipe, shown: Dimensions) -> Dimensions {
    let sizes = recipe.sizes.iter().map(|size| fit_within(shown, *size));
    sizes.max_by_key(|made| made.area()).unwrap_or(shown)
}

fn rounded(dividend: u64, divisor: u64) -> u64 {
    ((dividend + divisor / 2) / divisor).max(1)
}

fn to_u32(pixels: u64) -> u32 {
    u32::try_from(pixels).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Size = Size::long_side("grid", 320);

    #[test]
    fn fits_by_the_tighter_side_and_never_upscales() {
        let classic = Size {
            name: "classic",
            max_width: 300,
            max_height: 200,
        };
        let fit = |w, h, size| {
            let made = fit_within(Dimensions::new(w, h), size);
            (made.width, made.height)
        };
        assert_eq!(fit(4032, 3024, GRID), (320, 240));
        assert_eq!(fit(3024, 4032, GRID), (240, 320));
        assert_eq!(fit(4032, 3024, classic), (267, 200));
        assert_eq!(fit(6000, 2000, classic), (300, 100));
        assert_eq!(fit(100, 50, GRID), (100, 50));
        assert_eq!(fit(1, 65_500, GRID), (1, 320));
        assert_eq!(fit(1, 1, GRID), (1, 1));
    }
}
