//! The identity of a photo: same owner and same bytes, same photo.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::{OwnerId, Sha256};

/// The first 128 bits of a SHA-256 over a domain tag, the owner and the
/// content's SHA-256, as 26 lower-case Crockford base32 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhotoId([u8; 16]);

/// Crockford's alphabet (<https://www.crockford.com/base32.html>), lower case.
static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification
        .encoding()
        .expect("the alphabet has 32 distinct symbols")
});

impl PhotoId {
    const DOMAIN: &[u8] = b"cloudalbum photo 1\0";

    /// The identity of the photo that `owner` has with this content.
    pub fn derive(owner: &OwnerId, content: &Sha256) -> Self {
        let mut hash = sha2::Sha256::new();
        hash.update(Self::DOMAIN);
        hash.update(owner.as_str());
        hash.update([0]);
        hash.update(content.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The 128 bits.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Which of `shards` (at most 256) this photo falls into.
    pub fn shard(&self, shards: u8) -> u8 {
        self.0[0] % shards.max(1)
    }
}

impl fmt::Display for PhotoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&CROCKFORD.encode(&self.0))
    }
}

impl fmt::Debug for PhotoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhotoId({self})")
    }
}

impl FromStr for PhotoId {
    type Err = ParsePhotoIdError;

    /// Takes the canonical spelling only: trailing bits that are not zero, or
    /// upper case, would make a second key for one photo.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = CROCKFORD
            .decode(text.as_bytes())
            .map_err(|_| ParsePhotoIdError)?;
        bytes.try_into().map(Self).map_err(|_| ParsePhotoIdError)
    }
}

impl TryFrom<String> for PhotoId {
    type Error = ParsePhotoIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PhotoId> for String {
    fn from(id: PhotoId) -> Self {
        id.to_string()
    }
}

/// The text is not the canonical spelling of a photo id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("photo id must be 26 lower-case Crockford base32 characters")]
pub struct ParsePhotoIdError;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn depends_on_owner_and_content() {
        let (ann, bob) = ("ann".parse().unwrap(), "bob".parse().unwrap());
        let (one, two) = (Sha256::of(b"1"), Sha256::of(b"2"));
        let id = PhotoId::derive(&ann, &one);
        assert_eq!(id, PhotoId::derive(&ann, &one));
        assert_ne!(id, PhotoId::derive(&bob, &one));
        assert_ne!(id, PhotoId::derive(&ann, &two));
    }

    proptest! {
        #[test]
        fn display_then_parse_round_trips(bytes: [u8; 16]) {
            let id = PhotoId(bytes);
            prop_assert_eq!(id.to_string().len(), 26);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn whatever_parses_is_canonical(text in "[0-9a-zA-Z]{26}") {
            if let Ok(id) = text.parse::<PhotoId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
