//! The JSON of a page of photos, and of an edit of one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PhotoView, Position};

/// `GET /v1/photos`: a page of the album, a search or the trash.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PhotoPage {
    /// Newest first.
    pub photos: Vec<PhotoView>,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `PATCH /v1/photos/{id}`: absent fields stay, `null` clears.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhotoEdit {
    /// The new tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The new description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The new pin; `null` removes it.
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Position>)]
    pub location: Option<Option<Position>>,
    /// The new local date, `YYYY-MM-DDTHH:MM:SS`; `null` removes it.
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub taken_at: Option<Option<String>>,
}

/// Tells an absent field from one that is `null`.
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(
        clippy::ref_option,
        clippy::option_option,
        reason = "the signature that serde calls"
    )]
    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(to)
    }

    #[expect(clippy::option_option, reason = "the signature that serde calls")]
    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Option::<T>::deserialize(from).map(Some)
    }
}
