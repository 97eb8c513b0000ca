//! What a photo's file says about itself.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::GeoPoint;

/// The metadata of one photo. What the file does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// EXIF `Make`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub make: Option<String>,
    /// EXIF `Model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// EXIF `LensModel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lens: Option<String>,
    /// EXIF `ExposureTime` in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_time: Option<f64>,
    /// EXIF `FNumber`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f_number: Option<f64>,
    /// EXIF `PhotographicSensitivity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso: Option<u32>,
    /// EXIF `FocalLength` in millimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_length: Option<f64>,
    /// EXIF `Orientation`, 1 to 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orientation: Option<u8>,
    /// Width as shown, in pixels, orientation applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height as shown, in pixels, orientation applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// When the shutter was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<TakenDate>,
    /// EXIF GPS position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<GeoPoint>,
    /// Metres above the sea.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altitude: Option<f64>,
    /// EXIF `GPSImgDirection` in degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<f64>,
    /// XMP or IPTC title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// XMP or IPTC description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// XMP or IPTC keywords.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// XMP rating, 0 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// What in the file could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// How many bytes of the original were fetched to learn all this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_read: Option<u64>,
}

/// A local time and, if known, how far it is from UTC. A missing offset is
/// never taken for UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenDate {
    /// The time on the camera's clock, with sub-seconds.
    pub local: DateTime,
    /// The offset from UTC in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_seconds: Option<i32>,
}

impl TakenDate {
    /// A local time whose offset is not known.
    pub fn local(local: DateTime) -> Self {
        Self {
            local,
            offset_seconds: None,
        }
    }

    /// The same local time at `offset`.
    #[must_use]
    pub fn at(self, offset: Offset) -> Self {
        Self {
            offset_seconds: Some(offset.seconds()),
            ..self
        }
    }
}
