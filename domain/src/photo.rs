//! The record of a photo, as the table `Photo` holds it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Description, Facet, Filename, GeoPoint, MediaType, Metadata, OriginalKey, OwnerId, PhotoId,
    Place, Sha256, Tags, TakenDate, Thumbnails, TraceContext,
};

/// One photo. Field names are the table's attribute names; those of the
/// workshop's CloudAlbum are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    /// Partition key.
    #[serde(rename = "user_id")]
    pub owner: OwnerId,
    /// Sort key.
    pub id: PhotoId,
    /// Where in its life the photo is.
    pub state: State,
    /// Raised by every change that anybody can see.
    pub version: u64,
    /// When the last such change was made.
    pub changed_at: Timestamp,
    /// The content's hash, as the manifest promised it.
    pub sha256: Sha256,
    /// The declared media type.
    pub content_type: MediaType,
    /// In bytes.
    pub filesize: u64,
    /// The name on the owner's device.
    pub filename_orig: Filename,
    /// When the upload was granted.
    pub upload_date: Timestamp,
    /// The file's own date, as the client told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
    /// The S3 multipart upload that is under way, or whose whole was not
    /// compared with `sha256` yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multipart: Option<String>,
    /// The generation that waits for bytes to be sent anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaited: Option<u32>,
    /// The owner's tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The owner's description.
    #[serde(
        default,
        rename = "desc",
        skip_serializing_if = "Description::is_empty"
    )]
    pub description: Description,
    /// Which fields the owner set; no worker overwrites those.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub edited: BTreeSet<EditedField>,
    /// The photo's own trace.
    pub trace_context: TraceContext,
    /// The trace before that one, if the photo had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retraced: Option<Box<Retraced>>,
    /// When each step happened.
    #[serde(default)]
    pub times: Times,
    /// The thumbnail-worker's facet.
    pub thumbnails: Facet<Thumbnails>,
    /// The metadata-worker's facet.
    pub metadata: Facet<Metadata>,
    /// How often the thumbnail-worker claimed the current generation.
    #[serde(default)]
    pub thumbnails_attempts: u32,
    /// How often the metadata-worker claimed the current generation.
    #[serde(default)]
    pub metadata_attempts: u32,
    /// Why the thumbnail-worker's last attempt was broken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnails_error: Option<Setback>,
    /// Why the metadata-worker's last attempt was broken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_error: Option<Setback>,
    /// How often the reconciler sent messages for the photo again.
    #[serde(default)]
    pub requeues: u32,
    /// When somebody began to remove the objects of a photo in `deleting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removing_since: Option<Timestamp>,
    /// Claimed for removal without ever having been counted in a quota.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncounted: bool,
    /// Camera maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make: Option<String>,
    /// Camera model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// As shown, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// As shown, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// When it was taken, by the camera or the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_date: Option<TakenDate>,
    /// Where it was taken, as `geotag_lat` and `geotag_lng`.
    #[serde(flatten, with = "geotag")]
    pub location: Option<GeoPoint>,
    /// The place's name, as `city`, `region`, `nation`, `country_code`.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// When it went to the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<Timestamp>,
}

impl Photo {
    /// Where the original lives.
    pub fn original(&self) -> OriginalKey {
        OriginalKey {
            owner: self.owner.clone(),
            photo: self.id,
        }
    }
}

/// Why a photo's trace is not the one that it was granted with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraced {
    /// The trace before, which took no more spans.
    pub earlier: TraceContext,
    /// When the new one began.
    pub at: Timestamp,
    /// The generation of thumbnails that it is about.
    pub thumbnails: u32,
    /// The generation of metadata that it is about.
    pub metadata: u32,
}

/// An attempt that ended for a passing reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    /// One line for operators.
    pub reason: String,
    /// When the attempt ended.
    pub at: Timestamp,
}

impl Setback {
    /// No reason is longer, in characters.
    const MAX_LENGTH: usize = 300;

    /// Keeps one bounded line of `reason`.
    pub fn new(reason: &str, at: Timestamp) -> Self {
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        Self {
            reason: reason
                .chars()
                .map(printable)
                .take(Self::MAX_LENGTH)
                .collect(),
            at,
        }
    }
}

/// Where in its life a photo is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Granted, uploaded, processed: everything before the trash.
    Live,
    /// Hidden, and restorable for a while.
    Trashed,
    /// Claimed for removal; its objects are going.
    Deleting,
    /// A tombstone, kept for those who follow the changes feed.
    Deleted,
}

/// A field that an owner may set.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EditedField {
    /// The tags.
    Tags,
    /// The description.
    Description,
    /// The pin on the map.
    Location,
    /// The date it was taken.
    Date,
}

/// When each step of a photo's way happened. The first attempt counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// S3's event time: the bytes arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Timestamp>,
    /// The notification entered the thumbnails queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnails_queued: Option<Timestamp>,
    /// The thumbnail-worker received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnails_received: Option<Timestamp>,
    /// The notification entered the metadata queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_queued: Option<Timestamp>,
    /// The metadata-worker received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_received: Option<Timestamp>,
}

/// What an owner changes about a photo. An absent field stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// The new tags.
    pub tags: Option<Tags>,
    /// The new description.
    pub description: Option<Description>,
    /// The new pin, or none at all.
    pub location: Option<Option<GeoPoint>>,
    /// The new date, or none at all.
    pub taken: Option<Option<TakenDate>>,
}

/// Spells a position as the workshop's two attributes.
mod geotag {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::GeoPoint;

    #[derive(Serialize, Deserialize)]
    struct Geotag {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        geotag_lat: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        geotag_lng: Option<f64>,
    }

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(
        point: &Option<GeoPoint>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let geotag = Geotag {
            geotag_lat: point.map(GeoPoint::latitude),
            geotag_lng: point.map(GeoPoint::longitude),
        };
        geotag.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<GeoPoint>, D::Error> {
        let Geotag {
            geotag_lat,
            geotag_lng,
        } = Geotag::deserialize(from)?;
        let point = geotag_lat
            .zip(geotag_lng)
            .map(|(lat, lng)| GeoPoint::new(lat, lng));
        point.transpose().map_err(serde::de::Error::custom)
    }
}
