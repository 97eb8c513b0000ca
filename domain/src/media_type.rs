//! The media types that are accepted as photos.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A photo's media type, as the client declares it and S3 signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum MediaType {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF, of which the first frame is shown.
    Gif,
    /// WebP, of which the first frame is shown.
    WebP,
    /// TIFF.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// HEIF with HEVC, as phones send it.
    Heic,
    /// HEIF in general.
    Heif,
    /// HEIF with AV1.
    Avif,
}

impl MediaType {
    /// Every accepted type.
    pub const ALL: [Self; 9] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::WebP,
        Self::Tiff,
        Self::Bmp,
        Self::Heic,
        Self::Heif,
        Self::Avif,
    ];

    /// The registered name (<https://www.iana.org/assignments/media-types>).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
            Self::Heic => "image/heic",
            Self::Heif => "image/heif",
            Self::Avif => "image/avif",
        }
    }

    /// The usual file name extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Tiff => "tiff",
            Self::Bmp => "bmp",
            Self::Heic => "heic",
            Self::Heif => "heif",
            Self::Avif => "avif",
        }
    }

    /// Guesses from a file name's extension, as clients that have no better
    /// source do.
    pub fn from_filename(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" | "jpe" | "jfif" => Self::Jpeg,
            "png" => Self::Png,
            "gif" => Self::Gif,
            "webp" => Self::WebP,
            "tif" | "tiff" => Self::Tiff,
            "bmp" | "dib" => Self::Bmp,
            "heic" => Self::Heic,
            "heif" | "hif" => Self::Heif,
            "avif" => Self::Avif,
            _ => return None,
        })
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MediaType {
    type Err = UnsupportedMediaType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnsupportedMediaType)
    }
}

impl TryFrom<String> for MediaType {
    type Error = UnsupportedMediaType;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MediaType> for String {
    fn from(kind: MediaType) -> Self {
        kind.as_str().to_owned()
    }
}

/// The media type is not one of [`MediaType::ALL`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a photo we can show: send JPEG, PNG, GIF, WebP, TIFF, BMP, HEIC, HEIF or AVIF; \
     export RAW files as JPEG first, and keep videos elsewhere"
)]
pub struct UnsupportedMediaType;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions_round_trip() {
        for kind in MediaType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            let name = format!("IMG.{}", kind.extension().to_uppercase());
            assert_eq!(MediaType::from_filename(&name), Some(kind));
        }
        assert!("image/svg+xml".parse::<MediaType>().is_err());
        assert!("image/x-canon-cr3".parse::<MediaType>().is_err());
        assert_eq!(MediaType::from_filename("movie.mp4"), None);
    }

    /// The table of the README names what is accepted, neither more nor less,
    /// and what is refused for its name alone.
    #[test]
    fn the_readme_names_every_accepted_type() {
        let readme = include_str!("../../README.md");
        let (_, section) = readme.split_once("## What is accepted").unwrap();
        let (table, _) = section.split_once("\n## ").unwrap();
        let mut named: Vec<&str> = table
            .split('`')
            .filter(|word| word.starts_with("image/"))
            .collect();
        let mut accepted = MediaType::ALL.map(MediaType::as_str).to_vec();
        named.sort_unstable();
        accepted.sort_unstable();
        assert_eq!(named, accepted);
        assert!(table.contains("RAW, video"));
        for name in [
            "a.cr2", "a.NEF", "a.dng", "a.raf", "a.mov", "a.mp4", "a.pdf",
        ] {
            assert_eq!(MediaType::from_filename(name), None, "{name}");
        }
    }
}
