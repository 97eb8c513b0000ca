//! Photos on the map: points of an area, or counts of its tiles.

use std::collections::HashMap;

use cloudalbum_domain::{GeoPoint, IndexEntry, OwnerId, PhotoId};

use super::item::{Item, text};
use super::{Table, TableError};

/// How many quadkey ranges cover an area at the most.
const RANGES: usize = 4;
/// How many points one range returns.
const POINTS: i32 = 1_000;

/// An area by its corners; `west` may be greater than `east`, across the
/// antimeridian.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// The lower left corner.
    pub south_west: GeoPoint,
    /// The upper right corner.
    pub north_east: GeoPoint,
}

/// The photos of one tile of the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapTile {
    /// The tile.
    pub quadkey: String,
    /// How many photos it holds.
    pub count: u64,
    /// One of them.
    pub cover: Option<PhotoId>,
}

impl Area {
    /// Whether a point is within.
    pub fn holds(self, point: GeoPoint) -> bool {
        let (west, east) = (self.south_west.longitude(), self.north_east.longitude());
        let (longitude, latitude) = (point.longitude(), point.latitude());
        let across = if west <= east {
            west <= longitude && longitude <= east
        } else {
            longitude >= west || longitude <= east
        };
        let (south, north) = (self.south_west.latitude(), self.north_east.latitude());
        across && south <= latitude && latitude <= north
    }
}

impl Table {
    /// Counts the photos of each tile in an area, from the counters of
    /// `zoom`, one of [`IndexEntry::TILE_ZOOMS`].
    pub async fn tiles(
        &self,
        owner: &OwnerId,
        area: Area,
        zoom: u8,
    ) -> Result<Vec<MapTile>, TableError> {
        let mut tiles: HashMap<String, MapTile> = HashMap::new();
        for (from, to) in ranges(area, zoom) {
            let (from, to) = (format!("c#{zoom:02}#{from}"), format!("c#{zoom:02}#{to}~"));
            for item in self.between(owner, &from, &to, None).await? {
                let Some(part) = share(&item) else { continue };
                let tile = tiles.entry(part.quadkey.clone()).or_insert(MapTile {
                    count: 0,
                    ..part.clone()
                });
                tile.count = tile.count.saturating_add(part.count);
            }
        }
        let mut tiles: Vec<MapTile> = tiles.into_values().filter(|tile| tile.count > 0).collect();
        tiles.sort_by(|a, b| a.quadkey.cmp(&b.quadkey));
        Ok(tiles)
    }

    /// The photos of a small area, each as a tile of its own at
    /// [`IndexEntry::POINT_ZOOM`]; nothing when there are more than some
    /// hundreds, for which [`Table::tiles`] is made.
    pub async fn points(
        &self,
        owner: &OwnerId,
        area: Area,
    ) -> Result<Option<Vec<MapTile>>, TableError> {
        let mut points = Vec::new();
        for (from, to) in ranges(area, IndexEntry::POINT_ZOOM) {
            let (from, to) = (format!("p#{from}"), format!("p#{to}~"));
            let items = self.between(owner, &from, &to, Some(POINTS)).await?;
            if items.len() >= POINTS.unsigned_abs() as usize {
                return Ok(None);
            }
            points.extend(items.iter().filter_map(point));
        }
        points.retain(|point| {
            GeoPoint::centre_of(&point.quadkey).is_some_and(|centre| area.holds(centre))
        });
        Ok(Some(points))
    }

    pub(super) async fn between(
        &self,
        owner: &OwnerId,
        from: &str,
        to: &str,
        limit: Option<i32>,
    ) -> Result<Vec<Item>, TableError> {
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.names.index)
                .key_condition_expression("user_id = :owner AND entry BETWEEN :from AND :to")
                .expression_attribute_values(":owner", text(owner.as_str()))
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":to", text(to))
                .set_limit(limit)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| TableError::new("Query", error))?;
            found.extend(answer.items.into_iter().flatten());
            start = answer.last_evaluated_key;
            if start.is_none() || limit.is_some() {
                return Ok(found);
            }
        }
    }
}

/// A photo's point: `p#<quadkey>#<photo>`.
fn point(item: &Item) -> Option<MapTile> {
    let mut parts = item.get("entry")?.as_s().ok()?.split('#').skip(1);
    let (quadkey, photo) = (parts.next()?, parts.next()?);
    Some(MapTile {
        quadkey: quadkey.to_owned(),
        count: 1,
        cover: Some(photo.parse().ok()?),
    })
}

/// A counter's share of a tile: `c#<zoom>#<quadkey>#<shard>`.
fn share(item: &Item) -> Option<MapTile> {
    let entry = item.get("entry")?.as_s().ok()?;
    let quadkey = entry.split('#').nth(2)?.to_owned();
    let count: i64 = item.get("count")?.as_n().ok()?.parse().ok()?;
    let cover = item
        .get("cover")
        .and_then(|id| id.as_s().ok()?.parse().ok());
    Some(MapTile {
        quadkey,
        count: u64::try_from(count).unwrap_or(0),
        cover,
    })
}

/// Ranges of quadkeys that cover an area: the tiles at the deepest zoom, at
/// most `zoom`, at which they are few. They cover somewhat more than the area.
pub(super) fn ranges(area: Area, zoom: u8) -> Vec<(String, String)> {
    let mut quadkeys = vec![String::new()];
    for depth in 1..=zoom {
        let deeper = covering(area, depth);
        if deeper.len() > RANGES {
            break;
        }
        quadkeys = deeper;
    }
    quadkeys
        .into_iter()
        .map(|quadkey| (quadkey.clone(), format!("{quadkey}3")))
        .collect()
}

fn covering(area: Area, zoom: u8) -> Vec<String> {
    let (west, south) = area.south_west.tile(zoom);
    let (east, north) = area.north_east.tile(zoom);
    let tiles = 1_u32 << zoom;
    let wide = if east >= west {
        east - west + 1
    } else {
        tiles - west + east + 1
    };
    let high = south.saturating_sub(north) + 1;
    if wide.saturating_mul(high) > 16 {
        return vec![String::new(); RANGES + 1];
    }
    let mut quadkeys = Vec::new();
    for row in north..=south {
        for step in 0..wide {
            quadkeys.push(GeoPoint::quadkey_of((west + step) % tiles, row, zoom));
        }
    }
    quadkeys.sort();
    quadkeys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn area(west: f64, south: f64, east: f64, north: f64) -> Area {
        Area {
            south_west: GeoPoint::new(south, west).unwrap(),
            north_east: GeoPoint::new(north, east).unwrap(),
        }
    }

    #[test]
    fn an_area_holds_what_lies_within_also_across_the_antimeridian() {
        let fiji = area(176.0, -20.0, -178.0, -15.0);
        let within = |lat, lng| fiji.holds(GeoPoint::new(lat, lng).unwrap());
        assert!(within(-17.0, 178.0) && within(-17.0, -179.0));
        assert!(!within(-17.0, 170.0) && !within(-17.0, -170.0) && !within(-14.0, 178.0));
    }

    #[test]
    fn the_world_is_one_range() {
        assert_eq!(ranges(area(-180.0, -90.0, 180.0, 90.0), 4).len(), 4);
    }

    proptest! {
        #[test]
        fn every_point_of_an_area_is_covered(
            west in -180.0..180.0_f64, south in -85.0..85.0_f64,
            width in 0.0..40.0_f64, height in 0.0..5.0_f64,
            x in 0.0..=1.0_f64, y in 0.0..=1.0_f64,
        ) {
            let wrap = |lng: f64| if lng > 180.0 { lng - 360.0 } else { lng };
            let area = area(west, south, wrap(west + width), south + height);
            let point = GeoPoint::new(south + y * height, wrap(west + x * width)).unwrap();
            let quadkey = point.quadkey(24);
            let covered = ranges(area, 24).iter().any(|(from, to)| {
                *from <= quadkey && quadkey <= format!("{to}~")
            });
            prop_assert!(covered);
        }
    }
}
