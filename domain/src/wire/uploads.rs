//! The JSON of the manifest: what a client wants to upload and what is left to do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Status;

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
