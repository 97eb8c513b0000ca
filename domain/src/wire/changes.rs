//! The JSON of the changes feed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PhotoView;

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
