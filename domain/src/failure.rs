//! Why a stage could not finish a photo, in a closed list.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $advice:literal;)*) => {
        /// The cause of a permanent failure, as users and operators see it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum FailureCode { $($(#[$doc])* $variant,)* }

        impl FailureCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as records and the API spell it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What it means for the owner, and what to do about it.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

codes! {
    /// The bytes cannot be decoded.
    CorruptImage = "corrupt_image", "the file is damaged; upload it again from the camera or a backup";
    /// The format is not one that this build decodes.
    UnsupportedFormat = "unsupported_format", "the file is not a photo that can be shown; export it as JPEG and upload that";
    /// The content is not what the upload declared.
    TypeMismatch = "type_mismatch", "the content is of another type than declared; upload it with its right type";
    /// The picture has more pixels than the limit.
    TooManyPixels = "too_many_pixels", "the picture is too large; scale it down and upload that";
    /// Decoding would need more memory than one job may have.
    DecodeMemoryBudget = "decode_memory_budget", "the picture needs too much memory; save it as a baseline JPEG and upload that";
    /// The stored bytes are not those that the manifest promised.
    ChecksumMismatch = "checksum_mismatch", "the bytes changed on the way; upload the file again";
    /// The original is not in the bucket.
    OriginalMissing = "original_missing", "the original is gone; upload the file again";
    /// The stage did not finish within its time or its attempts.
    Timeout = "timeout", "processing did not finish; retry it";
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FailureCode {
    type Err = UnknownFailureCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or(UnknownFailureCode)
    }
}

/// The text is not one of [`FailureCode::ALL`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown failure code")]
pub struct UnknownFailureCode;

/// A permanent failure of one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Failure {
    /// The cause.
    pub code: FailureCode,
    /// One line for people, without secrets or paths.
    pub detail: String,
}

impl Failure {
    /// A failure with a line of detail.
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_spell_a_code_alike() {
        for code in FailureCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
