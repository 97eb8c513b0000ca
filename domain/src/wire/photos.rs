//! The JSON of one photo as the API shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EditedField, FailureCode, Stage, Status};

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
    /// The trace before that one, of a photo that was worked on again after
    /// more than a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_trace_id: Option<String>,
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
