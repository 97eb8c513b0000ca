//! What is made of every photo, and the version that names it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// Raised when the renderer makes so much better renditions of the same recipe
/// that those of before should be made again.
const REVISION: u32 = 1;

/// What to make of every photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Encoder quality, 1 to 100.
    pub quality: u8,
    /// How renditions are encoded.
    pub format: Format,
    /// What to make; each size exists for every photo.
    pub sizes: Vec<Size>,
}

/// A box that a rendition fits into; never upscaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// As in the key of the rendition.
    pub name: &'static str,
    /// In pixels.
    pub max_width: u32,
    /// In pixels.
    pub max_height: u32,
}

impl Size {
    /// A size bounded by its long side.
    pub const fn long_side(name: &'static str, pixels: u32) -> Self {
        Self {
            name,
            max_width: pixels,
            max_height: pixels,
        }
    }
}

/// How renditions are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Baseline 4:2:0, which every browser decodes fastest.
    Jpeg,
    /// Half the bytes for three times the encoding time.
    WebP,
}

impl Format {
    /// The name, as settings and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::WebP => "webp",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = [Self::Jpeg, Self::WebP];
        let named = known.into_iter().find(|format| format.as_str() == text);
        named.ok_or(UnknownFormat)
    }
}

/// The text names no format that renditions are made in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("renditions are made as `jpeg` or `webp`")]
pub struct UnknownFormat;

impl Default for Recipe {
    fn default() -> Self {
        Self {
            quality: 80,
            format: Format::Jpeg,
            sizes: vec![
                Size::long_side("grid", 320),
                Size::long_side("medium", 1024),
                Size::long_side("large", 2048),
                Size {
                    name: "classic",
                    max_width: 300,
                    max_height: 200,
                },
            ],
        }
    }
}

impl Recipe {
    /// The version that tells this recipe from all others. It follows from what
    /// the recipe says, so that a change cannot leave it as it was; it is part
    /// of every rendition's key, so that old and new ones live side by side.
    pub fn version(&self) -> u32 {
        let mut text = format!(
            "cloudalbum recipe {REVISION} {} {}",
            self.format.as_str(),
            self.quality
        );
        for size in &self.sizes {
            let _infallible = write!(
                text,
                " {}={}x{}",
                size.name, size.max_width, size.max_height
            );
        }
        let digest: [u8; 32] = sha2::Sha256::digest(text).into();
        let [a, b, c, d, ..] = digest;
        u32::from_be_bytes([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_change_is_another_version_and_no_change_is_none() {
        let usual = Recipe::default();
        assert_eq!(usual.version(), Recipe::default().version());
        let mut larger = usual.clone();
        larger.sizes[0].max_height = 400;
        let mut renamed = usual.clone();
        renamed.sizes[0].name = "small";
        let mut fewer = usual.clone();
        fewer.sizes.pop();
        let webp = Recipe {
            format: Format::WebP,
            ..usual.clone()
        };
        let better = Recipe {
            quality: 81,
            ..usual.clone()
        };
        let recipes = [usual, larger, renamed, fewer, webp, better];
        let versions: HashSet<u32> = recipes.iter().map(Recipe::version).collect();
        assert_eq!(versions.len(), recipes.len());
    }

    #[test]
    fn formats_are_read_as_they_are_written() {
        for format in [Format::Jpeg, Format::WebP] {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert_eq!("gif".parse::<Format>(), Err(UnknownFormat));
    }
}
