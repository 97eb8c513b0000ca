//! The server of map tiles: a `MapLibre` style, or a template of raster tiles.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// An `http` or `https` URL, kept as it was written: a parser would escape the
/// braces of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapStyle {
    text: String,
    origin: String,
}

impl MapStyle {
    /// What a page's policy must allow.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Display for MapStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for MapStyle {
    type Err = BadMapStyle;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| BadMapStyle)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadMapStyle);
        }
        Ok(Self {
            text: text.to_owned(),
            origin: url.origin().ascii_serialization(),
        })
    }
}

/// Why a text names no map style.
#[derive(Debug, thiserror::Error)]
#[error("a map style is an http or https URL")]
pub struct BadMapStyle;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_kept_and_only_its_origin_is_allowed() {
        let text = "https://tiles.example/a/{z}/{x}/{y}.png";
        let style: MapStyle = text.parse().unwrap();
        assert_eq!(style.to_string(), text);
        assert_eq!(style.origin(), "https://tiles.example");
        for bad in [
            "",
            "tiles",
            "data:text/plain,x",
            "javascript:1",
            "/style.json",
        ] {
            assert!(bad.parse::<MapStyle>().is_err(), "{bad}");
        }
    }
}
