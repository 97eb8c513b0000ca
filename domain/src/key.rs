//! The keys of objects in the bucket.

use std::fmt;
use std::str::FromStr;

use crate::{MediaType, OwnerId, ParseOwnerIdError, ParsePhotoIdError, PhotoId};

/// Where an uploaded original lives: `originals/<owner>/<photo>`.
///
/// Workers only ever see a value of this type, so a rendition's key can never
/// be mistaken for an original and re-enter the pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginalKey {
    /// Whose photo it is.
    pub owner: OwnerId,
    /// Which photo it is.
    pub photo: PhotoId,
}

impl OriginalKey {
    /// The only prefix that notifies.
    pub const PREFIX: &str = "originals/";
}

impl fmt::Display for OriginalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", Self::PREFIX, self.owner, self.photo)
    }
}

impl FromStr for OriginalKey {
    type Err = ParseKeyError;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        let rest = key
            .strip_prefix(Self::PREFIX)
            .ok_or(ParseKeyError::Prefix)?;
        let (owner, photo) = rest.split_once('/').ok_or(ParseKeyError::Shape)?;
        Ok(Self {
            owner: owner.parse()?,
            photo: photo.parse()?,
        })
    }
}

/// Where a rendition lives: `renditions/<owner>/<photo>/<recipe>/<name>.<ext>`.
///
/// Named by photo and recipe version, so writing one twice changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenditionKey {
    /// Whose photo it is.
    pub owner: OwnerId,
    /// Which photo it is.
    pub photo: PhotoId,
    /// The version of the recipe that made it.
    pub recipe: u32,
    /// Which size it is, as in [`crate::Rendition::name`].
    pub name: String,
    /// How it is encoded.
    pub media_type: MediaType,
}

impl RenditionKey {
    /// The prefix of everything derived.
    pub const PREFIX: &str = "renditions/";

    /// The prefix of all renditions of one photo.
    pub fn prefix(owner: &OwnerId, photo: PhotoId) -> String {
        format!("{}{owner}/{photo}/", Self::PREFIX)
    }
}

impl fmt::Display for RenditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            owner,
            photo,
            recipe,
            name,
            media_type,
        } = self;
        let extension = media_type.extension();
        write!(
            f,
            "{}{owner}/{photo}/{recipe}/{name}.{extension}",
            Self::PREFIX
        )
    }
}

/// Why a string is not an [`OriginalKey`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseKeyError {
    /// It lives under another prefix.
    #[error("object key is not under `originals/`")]
    Prefix,
    /// It does not have the two segments.
    #[error("object key is not `originals/<owner>/<photo>`")]
    Shape,
    /// The first segment is no owner.
    #[error("object key names no owner")]
    Owner(#[from] ParseOwnerIdError),
    /// The second segment is no photo.
    #[error("object key names no photo")]
    Photo(#[from] ParsePhotoIdError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sha256;
    use proptest::prelude::*;

    #[test]
    fn refuses_renditions_and_other_spellings() {
        let owner: OwnerId = "ann".parse().unwrap();
        let photo = PhotoId::derive(&owner, &Sha256::of(b"1"));
        let upper = photo.to_string().to_uppercase();
        for key in [
            format!("renditions/ann/{photo}/1/grid.jpg"),
            format!("originals/ann/{upper}"),
            format!("originals/ann/{photo}/"),
            format!("originals/../ann/{photo}"),
            "originals/ann".to_owned(),
        ] {
            assert!(key.parse::<OriginalKey>().is_err(), "{key}");
        }
    }

    proptest! {
        #[test]
        fn display_then_parse_round_trips(owner in "[a-zA-Z0-9-]{1,64}", content: Vec<u8>) {
            let owner: OwnerId = owner.parse().unwrap();
            let photo = PhotoId::derive(&owner, &Sha256::of(&content));
            let key = OriginalKey { owner, photo };
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
}
