//! Where on Earth a photo was taken.

use serde::{Deserialize, Serialize};

/// A position in degrees, WGS 84. Finite and in range by construction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Degrees", into = "Degrees")]
pub struct GeoPoint(Degrees);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Degrees {
    latitude: f64,
    longitude: f64,
}

impl GeoPoint {
    /// Checks a position in degrees and rounds it to seven decimals, 1 cm.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, InvalidGeoPoint> {
        let in_range = |value: f64, limit: f64| value.is_finite() && value.abs() <= limit;
        if in_range(latitude, 90.0) && in_range(longitude, 180.0) {
            let (latitude, longitude) = (round(latitude), round(longitude));
            Ok(Self(Degrees {
                latitude,
                longitude,
            }))
        } else {
            Err(InvalidGeoPoint)
        }
    }

    /// Degrees north, -90 to 90.
    pub fn latitude(self) -> f64 {
        self.0.latitude
    }

    /// Degrees east, -180 to 180.
    pub fn longitude(self) -> f64 {
        self.0.longitude
    }

    /// The quadkey of the map tile that holds the point, one digit a zoom
    /// level, in the Web Mercator tiling that web maps share
    /// (<https://learn.microsoft.com/bingmaps/articles/bing-maps-tile-system>).
    pub fn quadkey(self, zoom: u8) -> String {
        let (x, y) = self.tile(zoom);
        Self::quadkey_of(x, y, zoom)
    }

    /// The quadkey of the tile in column `x` and row `y`.
    pub fn quadkey_of(x: u32, y: u32, zoom: u8) -> String {
        let digit = |bit: u8| {
            char::from_digit(((x >> bit) & 1) | (((y >> bit) & 1) << 1), 4).unwrap_or('0')
        };
        (0..zoom.min(24)).rev().map(digit).collect()
    }

    /// The middle of the map tile that `quadkey` names; nothing when it is
    /// not one.
    pub fn centre_of(quadkey: &str) -> Option<Self> {
        let (mut x, mut y, mut size) = (0.0, 0.0, 1.0);
        for digit in quadkey.chars() {
            let digit = digit.to_digit(4)?;
            size /= 2.0;
            x += f64::from(digit & 1) * size;
            y += f64::from(digit >> 1) * size;
        }
        let (x, y) = (x + size / 2.0, y + size / 2.0);
        let angle = (1.0 - 2.0 * y) * std::f64::consts::PI;
        Self::new(angle.sinh().atan().to_degrees(), x * 360.0 - 180.0).ok()
    }

    /// The column and row of the map tile that holds the point at `zoom` (at
    /// most 24). Latitudes beyond 85.05° fall into the outermost rows.
    pub fn tile(self, zoom: u8) -> (u32, u32) {
        let zoom = zoom.min(24);
        let tiles = f64::from(1_u32 << zoom);
        let sine = self.latitude().to_radians().sin().clamp(-0.999_9, 0.999_9);
        let x = (self.longitude() + 180.0) / 360.0;
        let y = 0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * std::f64::consts::PI);
        let last = (1_u32 << zoom) - 1;
        (cell(x * tiles, last), cell(y * tiles, last))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=last before the cast"
)]
fn cell(value: f64, last: u32) -> u32 {
    value.floor().clamp(0.0, f64::from(last)) as u32
}

fn round(degrees: f64) -> f64 {
    // `+ 0.0` turns a negative zero into zero.
    (degrees * 1e7).round() / 1e7 + 0.0
}

impl TryFrom<Degrees> for GeoPoint {
    type Error = InvalidGeoPoint;

    fn try_from(
        Degrees {
            latitude,
            longitude,
        }: Degrees,
    ) -> Result<Self, Self::Error> {
        Self::new(latitude, longitude)
    }
}

impl From<GeoPoint> for Degrees {
    fn from(point: GeoPoint) -> Self {
        point.0
    }
}

/// The numbers are not a position on Earth.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("latitude must be within 90 and longitude within 180 degrees")]
pub struct InvalidGeoPoint;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_cameras_wrote_by_mistake() {
        for (latitude, longitude) in [(4_294_967_295.0, 0.0), (f64::NAN, 0.0), (0.0, 180.1)] {
            assert_eq!(GeoPoint::new(latitude, longitude), Err(InvalidGeoPoint));
        }
    }

    #[test]
    fn quadkeys_follow_the_published_example() {
        // Tile (3, 5) at zoom 3 is quadkey 213.
        let point = GeoPoint::new(-50.0, -20.0).unwrap();
        assert_eq!(point.tile(3), (3, 5));
        assert_eq!(point.quadkey(3), "213");
    }

    #[test]
    fn a_quadkey_of_anything_else_has_no_centre() {
        for quadkey in ["4", "x", "01 "] {
            assert_eq!(GeoPoint::centre_of(quadkey), None, "{quadkey}");
        }
    }

    proptest! {
        #[test]
        fn the_centre_of_a_tile_is_in_it(lat in -85.0..=85.0, lng in -180.0..180.0, zoom in 1_u8..=20) {
            let quadkey = GeoPoint::new(lat, lng).unwrap().quadkey(zoom);
            prop_assert_eq!(GeoPoint::centre_of(&quadkey).unwrap().quadkey(zoom), quadkey);
        }

        #[test]
        fn a_quadkey_starts_with_its_parents(lat in -90.0..=90.0, lng in -180.0..=180.0) {
            let point = GeoPoint::new(lat, lng).unwrap();
            prop_assert!(point.quadkey(12).starts_with(&point.quadkey(5)));
            prop_assert_eq!(point.quadkey(12).len(), 12);
        }
    }
}
