//! Which country holds a point.

use cloudalbum_domain::GeoPoint;
use country_boundaries::{BOUNDARIES_ODBL_60X30, CountryBoundaries, LatLon};

/// Everything south of it, in degrees of latitude, is Antarctica (Antarctic
/// Treaty, article VI), ice and sea alike: OpenStreetMap gives it to nobody.
const TREATY_AREA: f64 = -60.0;

/// The borders of the world, from OpenStreetMap.
pub(crate) struct Borders(CountryBoundaries);

impl Borders {
    /// Reads the embedded borders. The coarsest raster is as exact as the
    /// finest, since it keeps the polygons, and loads ten times as fast.
    pub(crate) fn new() -> Self {
        let borders = CountryBoundaries::from_reader(BOUNDARIES_ODBL_60X30);
        Self(borders.expect("the borders are embedded and tested"))
    }

    /// The ISO 3166-1 code of the country that holds `point`; none at sea.
    ///
    /// Where two countries claim a place, the smallest region that holds it
    /// decides, by the country that its code names: Crimea is `UA-43`, so `UA`.
    /// South of 60° S it is Antarctica, of whatever claims there are.
    pub(crate) fn country(&self, point: GeoPoint) -> Option<&str> {
        let position = LatLon::new(point.latitude(), point.longitude()).ok()?;
        match self.0.ids(position).into_iter().next() {
            Some(smallest) => Some(iso(smallest.get(..2)?)),
            None => (point.latitude() < TREATY_AREA).then_some("AQ"),
        }
    }
}

/// OpenStreetMap also uses codes that ISO 3166-1 only reserves.
fn iso(code: &str) -> &str {
    match code {
        "AC" | "TA" => "SH",
        "CP" | "FX" => "FR",
        "DG" => "IO",
        "EA" | "IC" => "ES",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nation;

    fn country(latitude: f64, longitude: f64) -> Option<String> {
        let point = GeoPoint::new(latitude, longitude).unwrap();
        Borders::new().country(point).map(str::to_owned)
    }

    #[test]
    fn the_smallest_region_names_the_country() {
        assert_eq!(country(21.3, -157.85).as_deref(), Some("US"), "Hawaii");
        assert_eq!(country(22.3, 114.17).as_deref(), Some("HK"), "Hong Kong");
        assert_eq!(country(44.95, 34.1).as_deref(), Some("UA"), "Crimea");
        assert_eq!(country(42.66, 21.16).as_deref(), Some("XK"), "Kosovo");
    }

    #[test]
    fn codes_that_iso_reserves_become_their_country() {
        assert_eq!(country(28.29, -16.63).as_deref(), Some("ES"), "Tenerife");
        assert_eq!(country(-7.31, 72.41).as_deref(), Some("IO"), "Diego Garcia");
        assert_eq!(country(48.86, 2.35).as_deref(), Some("FR"), "Paris");
        assert_eq!(country(35.89, -5.32).as_deref(), Some("ES"), "Ceuta");
    }

    #[test]
    fn the_sea_belongs_to_no_country() {
        assert_eq!(country(0.0, 0.0), None);
        assert_eq!(country(-45.0, -140.0), None);
        assert_eq!(country(-59.9, 30.0), None);
    }

    #[test]
    fn antarctica_is_the_area_of_its_treaty() {
        assert_eq!(country(-77.85, 166.67).as_deref(), Some("AQ"), "McMurdo");
        assert_eq!(
            country(-62.2, -58.96).as_deref(),
            Some("AQ"),
            "King George Island"
        );
        assert_eq!(country(-54.28, -36.5).as_deref(), Some("GS"), "Grytviken");
    }

    #[test]
    fn every_country_on_a_grid_of_the_world_has_a_name() {
        let borders = Borders::new();
        for latitude in -90..=90 {
            for longitude in -180..=180 {
                let point = GeoPoint::new(f64::from(latitude), f64::from(longitude)).unwrap();
                if let Some(country) = borders.country(point) {
                    assert!(nation::name(country).is_some(), "{country} has no name");
                }
            }
        }
    }
}
