//! The `GeoJSON` of the map (RFC 7946).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/map`: a `FeatureCollection` of clusters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename = "FeatureCollection")]
pub struct MapPlaces {
    /// One for each cluster.
    pub features: Vec<MapPlace>,
}

/// Photos that stand close together at the zoom that was asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename = "Feature")]
pub struct MapPlace {
    /// Where the cluster is drawn.
    pub geometry: MapPoint,
    /// What it holds.
    pub properties: MapCluster,
}

/// A `GeoJSON` point.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename = "Point")]
pub struct MapPoint {
    /// Degrees east, then degrees north, WGS 84.
    pub coordinates: [f64; 2],
}

/// What is known about a cluster.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MapCluster {
    /// How many photos it holds.
    pub count: u64,
    /// One of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_id: Option<String>,
    /// That photo's small rendition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover_url: Option<String>,
}
