//! What the thumbnail-worker leaves on a record.

use serde::{Deserialize, Serialize};

use crate::MediaType;

/// The renditions of one photo and what was learnt while making them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnails {
    /// The version of the recipe that made them.
    pub recipe: u32,
    /// Width of the photo as shown, in pixels.
    pub width: u32,
    /// Height of the photo as shown, in pixels.
    pub height: u32,
    /// A ThumbHash (<https://evanw.github.io/thumbhash/>) in base64.
    pub thumbhash: String,
    /// The sizes that exist.
    pub renditions: Vec<Rendition>,
    /// What was wrong with the file without keeping it from being shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One derived picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// `grid`, `medium`, `large` or `classic`.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Size of the object in bytes.
    pub bytes: u64,
    /// How it is encoded.
    pub media_type: MediaType,
}
