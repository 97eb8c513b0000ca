//! The JSON of the HTTP API, shared by the service that answers it and the
//! clients that call it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EditedField, FailureCode, Stage, Status};

/// `POST /v1/uploads`: what a client wants to upload, 1 to 1,000 entries.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Manifest {
    /// One entry a file.
    pub photos: Vec<ManifestEntry>,
}

/// One file of a manifest. Its values are checked one by one, so that a bad
/// entry is refused without its neighbours.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ManifestEntry {
    /// The name on the owner's device.
    pub filename: String,
    /// `image/jpeg` and the like.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Tags for a photo that is new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A description for a photo that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The file's own date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub modified_at: Option<Timestamp>,
}

/// The answer to a manifest: one answer an entry, in the same order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ManifestAnswer {
    /// One answer an entry.
    pub photos: Vec<EntryAnswer>,
}

/// What is left to do for one entry.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum EntryAnswer {
    /// Send the bytes.
    Upload {
        /// The photo's identity.
        photo_id: String,
        /// How to send them.
        upload: Upload,
    },
    /// Nothing: the bytes are there.
    Stored {
        /// The photo's identity.
        photo_id: String,
        /// What became of it so far.
        state: Status,
    },
    /// This file cannot become a photo.
    Refused {
        /// Why, and what to do.
        error: Refusal,
    },
    /// Ask again later.
    Later {
        /// The photo's identity, if the entry has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        photo_id: Option<String>,
        /// Why.
        error: Refusal,
        /// In seconds.
        retry_after: u32,
    },
}

/// How to send a photo's bytes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Upload {
    /// In several parts, each asked for at `/v1/uploads/{id}/parts`.
    Multipart {
        /// The size of the parts.
        multipart: Multipart,
    },
    /// In one request, bound to key, hash, length, type and create-only.
    Put {
        /// `PUT`.
        method: String,
        /// The presigned URL. It is a secret until it expires.
        url: String,
        /// The headers that must be sent exactly so.
        headers: BTreeMap<String, String>,
        /// After this, post the manifest again.
        #[schema(value_type = String, format = DateTime)]
        expires_at: Timestamp,
    },
}

/// How a multipart upload is cut.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Multipart {
    /// In bytes; only the last part may be smaller.
    pub part_size: u64,
}

/// Why an entry was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// For programs: `unsupported_media_type`, `too_large`, `empty`,
    /// `invalid_sha256`, `invalid_text`, `quota_exceeded`, `deleting`,
    /// `arriving`.
    pub code: String,
    /// For people: what is wrong and what to do.
    pub detail: String,
}

/// A photo as the API shows it. What is not known is absent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PhotoView {
    /// Its identity.
    pub id: String,
    /// What became of it so far.
    pub status: Status,
    /// Raised by every change.
    pub version: u64,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// The name on the owner's device.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The owner's tags.
    pub tags: Vec<String>,
    /// The owner's description.
    pub description: String,
    /// When the upload was granted.
    #[schema(value_type = String, format = DateTime)]
    pub uploaded_at: Timestamp,
    /// Its place in the album: taken, else the file's date, else the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_date: Option<String>,
    /// Local time it was taken, `YYYY-MM-DDTHH:MM:SS[.fff]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// Offset of `taken_at` from UTC in seconds, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_offset_seconds: Option<i32>,
    /// As shown, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// As shown, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The camera and its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<Camera>,
    /// Where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Position>,
    /// The place in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceView>,
    /// A ThumbHash in base64, shown until a rendition is loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbhash: Option<String>,
    /// The sizes that exist, with URLs.
    pub renditions: Vec<RenditionView>,
    /// A URL of the original, when one photo is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_url: Option<String>,
    /// What went wrong, by stage.
    pub failures: Vec<FailureView>,
    /// What was odd about the file without keeping it from being shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Which fields the owner set.
    pub edited: Vec<EditedField>,
    /// The X-Ray trace id: all that a support question needs.
    pub trace_id: String,
    /// When it went to the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub trashed_at: Option<Timestamp>,
}

/// The camera and its settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make: Option<String>,
    /// Its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its lens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lens: Option<String>,
    /// In seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure_time: Option<f64>,
    /// The f-number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f_number: Option<f64>,
    /// The sensitivity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iso: Option<u32>,
    /// In millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focal_length: Option<f64>,
}

/// A position in degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A place in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceView {
    /// The city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its country, in English.
    pub nation: String,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// The three of them, each once.
    pub address: String,
}

/// One size of a photo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenditionView {
    /// `grid`, `medium`, `large` or `classic`.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Where its bytes are.
    pub url: String,
}

/// What went wrong in one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailureView {
    /// Which stage.
    pub stage: Stage,
    /// The cause.
    pub code: FailureCode,
    /// One line about this photo.
    pub detail: String,
    /// What to do about it.
    pub advice: String,
    /// How often it was tried.
    pub attempts: u32,
}

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

/// `GET /v1/changes`: what changed or went since a cursor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Changes {
    /// Oldest change first. A repeat is identical.
    pub changes: Vec<Change>,
    /// Where to go on.
    pub cursor: String,
    /// Whether there is more right away.
    pub more: bool,
    /// In how many seconds to ask again, where the service cannot wait.
    pub poll_after: u32,
}

/// One photo that changed or went.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It is like this now.
    Photo {
        /// The photo.
        photo: Box<PhotoView>,
    },
    /// It is gone for good.
    Gone {
        /// Which photo.
        id: String,
        /// The version of its tombstone.
        version: u64,
    },
}

/// `GET /v1/me`: who is asking, and what they may store.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The Cognito `sub`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The name shown.
    pub username: String,
    /// Whether the board is open to them.
    pub operator: bool,
    /// What is used and what is allowed.
    pub quota: Quota,
}

/// What an owner stores and may store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quota {
    /// Bytes in use, uploads under way included.
    pub bytes_used: u64,
    /// Bytes allowed.
    pub bytes_limit: u64,
    /// Photos in use, uploads under way included.
    pub photos_used: u64,
    /// Photos allowed.
    pub photos_limit: u64,
}

/// `PATCH /v1/me`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeEdit {
    /// The new name.
    pub username: String,
}

/// What parts to sign: `POST /v1/uploads/{id}/parts`, at most 100 a call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PartsRequest {
    /// The parts that are about to be sent.
    pub parts: Vec<PartSpec>,
}

/// One part of a file, bound to its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartSpec {
    /// From 1 on, in the file's order.
    pub number: u32,
    /// 64 lower-case hexadecimal digits, of this part alone.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
}

/// The answer to [`PartsRequest`]: how to send each part.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignedParts {
    /// In the order asked for; parts that are held are left out.
    pub parts: Vec<SignedPart>,
}

/// How to send one part.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignedPart {
    /// Which part.
    pub number: u32,
    /// `PUT`.
    pub method: String,
    /// The presigned URL. It is a secret until it expires.
    pub url: String,
    /// The headers that must be sent exactly so.
    pub headers: BTreeMap<String, String>,
    /// After this, ask again.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// `GET /v1/uploads/{id}/parts`: what arrived of an upload.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldParts {
    /// The size of the parts.
    pub part_size: u64,
    /// The parts that need not be sent again, by number.
    pub parts: Vec<PartSpec>,
}

/// `GET /v1/sign-in`: where clients that are not browsers sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    /// Where the calls of Cognito's JSON protocol go.
    pub cognito_endpoint: String,
    /// The public client, without a secret.
    pub client_id: String,
    /// The authorization endpoint, for PKCE in the browser.
    pub authorize_url: String,
    /// The token endpoint.
    pub token_url: String,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// For programs.
    pub code: String,
    /// What went wrong.
    pub title: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The trace of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
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
