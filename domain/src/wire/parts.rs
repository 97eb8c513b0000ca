//! The JSON of multipart uploads: the parts that are held, asked for and signed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Status;

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

/// The answer to `POST /v1/uploads/{id}/complete`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Completed {
    /// The photo's identity.
    pub photo_id: String,
    /// What became of it so far.
    pub state: Status,
}
