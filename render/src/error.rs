//! Why a photo cannot be shown, and what was wrong with one that can.

use std::fmt;

use cloudalbum_domain::FailureCode;

/// Why [`render`](super::render) made nothing; permanent for the same bytes.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The data ends too early or makes no sense.
    #[error("cannot decode the picture: {0}")]
    Corrupt(String),
    /// The type, or this variant of it, is not decoded by this build.
    #[error("not a picture that can be decoded: {0}")]
    Unsupported(&'static str),
    /// The header promises more pixels than the budget.
    #[error("{width}x{height} is more than {limit} pixels")]
    TooManyPixels {
        /// In pixels.
        width: u64,
        /// In pixels.
        height: u64,
        /// The budget, in pixels.
        limit: u64,
    },
    /// Decoding would need more memory, or passes over it, than the budget.
    #[error("decoding needs too much: {0}")]
    Memory(String),
    /// The time of the budget ran out between two steps.
    #[error("rendering took too long")]
    Timeout,
    /// The encoder refused pixels that were decoded.
    #[error("cannot encode a rendition: {0}")]
    Encode(String),
}

impl RenderError {
    /// The code that the record keeps.
    pub fn code(&self) -> FailureCode {
        match self {
            Self::Corrupt(_) | Self::Encode(_) => FailureCode::CorruptImage,
            Self::Unsupported(_) => FailureCode::UnsupportedFormat,
            Self::TooManyPixels { .. } => FailureCode::TooManyPixels,
            Self::Memory(_) => FailureCode::DecodeMemoryBudget,
            Self::Timeout => FailureCode::Timeout,
        }
    }
}

/// A fault that does not keep the photo from being shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The data ends early; this share of the rows is grey, in percent.
    Truncated {
        /// 0 when only detail is missing.
        missing_percent: u8,
    },
    /// Some of the data is damaged, so parts may look wrong.
    Damaged,
    /// The embedded colour profile cannot be used; colours may be off.
    ColourProfile,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { missing_percent } => {
                write!(
                    f,
                    "the file ends early; {missing_percent}% of the picture is missing"
                )
            }
            Self::Damaged => f.write_str("the file is damaged; parts may look wrong"),
            Self::ColourProfile => f.write_str("the colour profile cannot be used"),
        }
    }
}
