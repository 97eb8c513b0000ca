//! Brings pixels from their embedded ICC profile to sRGB.

use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, RenderingIntent, Transform8BitExecutor, TransformOptions,
};

use super::error::Warning;

/// How the pixels of one photo become sRGB.
pub(super) enum Colour {
    /// They are sRGB, as far as eyes can tell.
    Srgb,
    /// By a profile of the same number of channels as the pixels.
    Convert(Arc<Transform8BitExecutor>),
    /// The profile is damaged, or made for another kind of pixels.
    Unusable,
}

/// The channels of decoded pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Grey,
    Rgb,
    Cmyk,
}

impl Channels {
    pub(super) fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

impl Colour {
    /// Reads the profile that a file carries for pixels of these channels.
    pub(super) fn of(icc: Option<&[u8]>, channels: Channels) -> Self {
        let Some(icc) = icc else {
            return Self::Srgb;
        };
        ColorProfile::new_from_slice(icc)
            .ok()
            .map_or(Self::Unusable, |profile| Self::from(&profile, channels))
    }

    /// Prepares the conversion from a profile that was read.
    pub(super) fn from(profile: &ColorProfile, channels: Channels) -> Self {
        let (space, layout) = match channels {
            Channels::Grey => (DataColorSpace::Gray, Layout::Gray),
            Channels::Rgb => (DataColorSpace::Rgb, Layout::Rgb),
            Channels::Cmyk => (DataColorSpace::Cmyk, Layout::Rgba),
        };
        if profile.color_space != space {
            return Self::Unusable;
        }
        let options = TransformOptions {
            rendering_intent: RenderingIntent::RelativeColorimetric,
            ..TransformOptions::default()
        };
        let Ok(transform) =
            profile.create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
        else {
            return Self::Unusable;
        };
        match moves_colours(transform.as_ref(), channels) {
            Some(false) => Self::Srgb,
            Some(true) => Self::Convert(transform),
            None => Self::Unusable,
        }
    }

    /// What the owner should know about the profile.
    pub(super) fn warning(&self) -> Option<Warning> {
        matches!(self, Self::Unusable).then_some(Warning::ColourProfile)
    }

    /// Converts to RGB; without a profile grey is repeated and inks are mixed
    /// by multiplication.
    pub(super) fn to_srgb(&self, pixels: Vec<u8>, channels: Channels) -> Vec<u8> {
        if let Self::Convert(transform) = self {
            let mut converted = vec![0; pixels.len() / channels.count() * 3];
            if transform.transform(&pixels, &mut converted).is_ok() {
                return converted;
            }
        }
        match channels {
            Channels::Rgb => pixels,
            Channels::Grey => pixels.iter().flat_map(|&y| [y, y, y]).collect(),
            Channels::Cmyk => pixels
                .as_chunks::<4>()
                .0
                .iter()
                .flat_map(|&[c, m, y, k]| [mix(c, k), mix(m, k), mix(y, k)])
                .collect(),
        }
    }
}

/// What one ink and black together leave of the light; 0 is no ink.
fn mix(ink: u8, black: u8) -> u8 {
    let light = u16::from(u8::MAX - ink) * u16::from(u8::MAX - black) / u16::from(u8::MAX);
    u8::try_from(light).unwrap_or(u8::MAX)
}

/// Whether any colour of a coarse grid comes out more than two levels away:
/// many profiles are sRGB under other names and with rounded numbers.
fn moves_colours(
    transform: &(dyn moxcms::TransformExecutor<u8> + Send + Sync),
    channels: Channels,
) -> Option<bool> {
    const LEVELS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    let grid: Vec<u8> = match channels {
        Channels::Cmyk => return Some(true),
        Channels::Grey => LEVELS.to_vec(),
        Channels::Rgb => LEVELS
            .iter()
            .flat_map(|&r| LEVELS.iter().map(move |&g| (r, g)))
            .flat_map(|(r, g)| LEVELS.iter().flat_map(move |&b| [r, g, b]))
            .collect(),
    };
    let mut converted = vec![0; grid.len() / channels.count() * 3];
    transform.transform(&grid, &mut converted).ok()?;
    let expected: Vec<u8> = match channels {
        Channels::Grey => grid.iter().flat_map(|&y| [y, y, y]).collect(),
        _ => grid,
    };
    Some(
        expected
            .iter()
            .zip(&converted)
            .any(|(a, b)| a.abs_diff(*b) > 2),
    )
}
