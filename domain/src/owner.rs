//! Who owns a photo.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The Cognito `sub` of a photo's owner, never an e-mail address.
///
/// It becomes a segment of object keys, so only letters, digits and hyphens
/// are taken, at most 64 of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OwnerId(String);

impl OwnerId {
    const MAX_LENGTH: usize = 64;

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OwnerId {
    type Err = ParseOwnerIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for OwnerId {
    type Error = ParseOwnerIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        if !text.is_empty() && text.len() <= Self::MAX_LENGTH && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(ParseOwnerIdError)
        }
    }
}

impl From<OwnerId> for String {
    fn from(owner: OwnerId) -> Self {
        owner.0
    }
}

/// The text cannot be an owner's identifier.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("owner id must be 1 to 64 letters, digits and hyphens")]
pub struct ParseOwnerIdError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_would_leave_its_key_segment() {
        for text in ["", "..", "a/b", "a b", "ü", &"a".repeat(65)] {
            assert_eq!(text.parse::<OwnerId>(), Err(ParseOwnerIdError), "{text}");
        }
        assert!(
            "3f2c8a5e-0000-4000-8000-123456789abc"
                .parse::<OwnerId>()
                .is_ok()
        );
    }
}
