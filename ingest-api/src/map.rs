//! `/v1/map`: photos where they were taken, in clusters.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use cloudalbum_aws::table::{Area, AreaCursor, MapTile};
use cloudalbum_domain::wire::{MapCluster, MapPlace, MapPlaces, MapPoint, PhotoPage};
use cloudalbum_domain::{GeoPoint, IndexEntry, Photo, State as Life};
use http::StatusCode;
use serde::Deserialize;

use crate::photos::{seal, unseal};
use crate::{App, Caller, Problem, view};

/// Clusters are tiles this many levels below the map's zoom: about 64 pixels
/// wide, where a tile of the map has 512.
const FINER: u8 = 3;
/// How many clusters are answered at the most, the largest first.
const CLUSTERS: usize = 400;

/// Which part of the map is shown.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MapQuery {
    /// West, south, east, north in degrees; west may be greater than east.
    bbox: String,
    /// The zoom level of a web map, 0 to 24; more is the same as 24.
    #[param(maximum = 255)]
    zoom: u8,
}

/// The clusters of an area as `GeoJSON`, each with a count and a cover.
#[utoipa::path(
    get, path = "/v1/map", params(MapQuery),
    responses((status = 200, body = MapPlaces), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn map(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<MapQuery>,
) -> Result<Json<MapPlaces>, Problem> {
    let area = parse(&query.bbox).ok_or_else(no_area)?;
    let wanted = query.zoom.saturating_add(FINER).min(IndexEntry::POINT_ZOOM);
    let counted = IndexEntry::TILE_ZOOMS
        .into_iter()
        .find(|zoom| *zoom >= wanted);
    let points = match counted {
        Some(_) => None,
        None => app
            .table
            .points(&caller.owner, area)
            .await
            .map_err(|error| Problem::unavailable(&error))?,
    };
    let tiles = match points {
        Some(points) => points,
        None => app
            .table
            .tiles(&caller.owner, area, counted.unwrap_or(FINEST))
            .await
            .map_err(|error| Problem::unavailable(&error))?,
    };
    let clusters = clustered(tiles, wanted);
    let covers = clusters.iter().filter_map(|cluster| cluster.cover);
    let covers = app.table.get_many(&caller.owner, covers).await;
    let covers = covers.map_err(|error| Problem::unavailable(&error))?;
    let mut features = Vec::with_capacity(clusters.len());
    for cluster in &clusters {
        let cover = cluster.cover.and_then(|id| covers.get(&id));
        let cover = cover.filter(|photo| photo.state == Life::Live);
        if let Some(place) = place(&app, &caller, cluster, cover, area).await? {
            features.push(place);
        }
    }
    Ok(Json(MapPlaces { features }))
}

/// How many photos of an area one page holds.
const PAGE: usize = 60;

/// Which photos of an area are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AreaQuery {
    /// West, south, east, north in degrees; west may be greater than east.
    bbox: String,
    /// Where the page starts, from the page before.
    cursor: Option<String>,
}

/// The photos that were taken in an area, neighbours beside each other. A page
/// may be short, or even empty, and still not the last.
#[utoipa::path(
    get, path = "/v1/map/photos", params(AreaQuery),
    responses((status = 200, body = PhotoPage), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn photos(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<AreaQuery>,
) -> Result<Json<PhotoPage>, Problem> {
    let area = parse(&query.bbox).ok_or_else(no_area)?;
    let after: Option<AreaCursor> = query.cursor.as_deref().map(unseal).transpose()?;
    let page = app
        .table
        .in_area(&caller.owner, area, after.as_ref(), PAGE)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let found = app
        .table
        .get_many(&caller.owner, page.ids.iter().copied())
        .await;
    let found = found.map_err(|error| Problem::unavailable(&error))?;
    let shown = page.ids.iter().filter_map(|id| found.get(id));
    let mut photos = Vec::with_capacity(page.ids.len());
    for photo in shown.filter(|photo| photo.state == Life::Live) {
        photos.push(view::photo(&app, &caller, photo, false).await?);
    }
    Ok(Json(PhotoPage {
        photos,
        cursor: page.next.as_ref().map(seal),
    }))
}

/// The finest zoom at which tiles are counted.
const FINEST: u8 = {
    let [_, _, finest] = IndexEntry::TILE_ZOOMS;
    finest
};

/// Merges tiles into those of `zoom` that hold them.
fn clustered(tiles: Vec<MapTile>, zoom: u8) -> Vec<MapTile> {
    let mut clusters: BTreeMap<String, MapTile> = BTreeMap::new();
    for tile in tiles {
        let quadkey: String = tile.quadkey.chars().take(usize::from(zoom)).collect();
        match clusters.get_mut(&quadkey) {
            Some(cluster) => {
                cluster.count = cluster.count.saturating_add(tile.count);
                cluster.cover = cluster.cover.or(tile.cover);
            }
            None => {
                clusters.insert(quadkey, tile);
            }
        }
    }
    let mut clusters: Vec<MapTile> = clusters.into_values().collect();
    clusters.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| a.quadkey.cmp(&b.quadkey))
    });
    clusters.truncate(CLUSTERS);
    clusters
}

/// A cluster stands where its cover was taken, so that a photo alone stands
/// at its own place; without one, in the middle of its tile.
async fn place(
    app: &App,
    caller: &Caller,
    cluster: &MapTile,
    cover: Option<&Photo>,
    area: Area,
) -> Result<Option<MapPlace>, Problem> {
    let at = cover
        .and_then(|photo| photo.location)
        .or_else(|| GeoPoint::centre_of(&cluster.quadkey));
    let Some(at) = at.filter(|at| area.holds(*at)) else {
        return Ok(None);
    };
    let cover_url = match cover {
        Some(photo) => view::cover(app, caller, photo).await?,
        None => None,
    };
    Ok(Some(MapPlace {
        geometry: MapPoint {
            coordinates: [at.longitude(), at.latitude()],
        },
        properties: MapCluster {
            count: cluster.count,
            photo_id: cover.map(|photo| photo.id.to_string()),
            cover_url,
        },
    }))
}

fn parse(bbox: &str) -> Option<Area> {
    let degrees: Result<Vec<f64>, _> = bbox.split(',').map(|text| text.trim().parse()).collect();
    let [west, south, east, north] = degrees.ok()?.try_into().ok()?;
    let area = Area {
        south_west: GeoPoint::new(south, west).ok()?,
        north_east: GeoPoint::new(north, east).ok()?,
    };
    (south <= north).then_some(area)
}

fn no_area() -> Problem {
    let title = "the bounding box is none";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_bbox", title)
        .with_detail("bbox is west,south,east,north in degrees")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(quadkey: &str, count: u64) -> MapTile {
        MapTile {
            quadkey: quadkey.to_owned(),
            count,
            cover: None,
        }
    }

    #[test]
    fn tiles_are_merged_and_none_is_counted_twice() {
        let tiles = vec![tile("0123", 2), tile("0120", 1), tile("3210", 5)];
        let counts = |zoom| -> Vec<u64> {
            let clusters = clustered(tiles.clone(), zoom);
            clusters.iter().map(|cluster| cluster.count).collect()
        };
        assert_eq!(counts(4), [5, 2, 1]);
        assert_eq!(counts(3), [5, 3]);
        assert_eq!(counts(0), [8]);
    }

    #[test]
    fn a_box_has_four_degrees_in_order() {
        assert!(parse("-180,-90,180,90").is_some());
        assert!(parse("176, -20, -178, -15").is_some());
        for bad in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "0,50,10,40",
            "0,0,181,1",
            "NaN,0,1,1",
            "a,b,c,d",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
