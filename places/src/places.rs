//! The gazetteer: a country by containment, then its nearest city.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cloudalbum_domain::{GeoPoint, Place};
use reverse_geocoder::{Record, ReverseGeocoder};

use crate::archive::{self, Cell, LoadCitiesError};
use crate::country::Borders;
use crate::nation;

/// A city further away than this does not name the place of a photo.
const CITY_WITHIN_KM: f64 = 25.0;
const EARTH_RADIUS_KM: f64 = 6371.0;

/// Names places. The cities of a part of a country are loaded with its first
/// point and kept, so that a cold start pays for that part and not for the world.
pub struct Places {
    borders: Borders,
    cities: Mutex<HashMap<Cell, Option<Arc<ReverseGeocoder>>>>,
}

impl Places {
    /// Loads the borders alone, which takes about a millisecond.
    pub fn new() -> Self {
        Self {
            borders: Borders::new(),
            cities: Mutex::default(),
        }
    }

    /// The place of `point`; none at sea.
    ///
    /// # Errors
    ///
    /// When the temporary folder cannot hold the cities around the point: another
    /// attempt may succeed.
    pub fn place(&self, point: GeoPoint) -> Result<Option<Place>, LoadCitiesError> {
        let Some(country) = self.borders.country(point) else {
            return Ok(None);
        };
        let Some(nation) = nation::name(country) else {
            return Ok(None);
        };
        let cities = self.cities(country, point)?;
        let city = cities.as_deref().and_then(|cities| nearest(cities, point));
        Ok(Some(Place {
            city: city.map(|city| city.name.clone()),
            region: city
                .map(|city| city.admin1.clone())
                .filter(|region| !region.is_empty()),
            nation: nation.to_owned(),
            country_code: country.to_owned(),
        }))
    }

    /// How far the nearest city of the country is, in any unit.
    #[cfg(test)]
    pub(crate) fn distance(&self, point: GeoPoint) -> Option<f64> {
        let cities = self.cities(self.borders.country(point)?, point).unwrap()?;
        Some(
            cities
                .search((point.latitude(), point.longitude()))
                .distance,
        )
    }

    fn cities(
        &self,
        country: &str,
        point: GeoPoint,
    ) -> Result<Option<Arc<ReverseGeocoder>>, LoadCitiesError> {
        let Some(cell) = archive::cell(country, point) else {
            return Ok(None);
        };
        let mut loaded = self.cities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cities) = loaded.get(&cell) {
            return Ok(cities.clone());
        }
        let cities = archive::load(cell)?.map(Arc::new);
        loaded.insert(cell, cities.clone());
        Ok(cities)
    }
}

impl Default for Places {
    fn default() -> Self {
        Self::new()
    }
}

/// The nearest city, if it is near enough.
fn nearest(cities: &ReverseGeocoder, point: GeoPoint) -> Option<&Record> {
    let found = cities.search((point.latitude(), point.longitude()));
    // The crate's distance is the square of the chord on the unit sphere.
    let half_chord = (found.distance.sqrt() / 2.0).min(1.0);
    let kilometres = 2.0 * EARTH_RADIUS_KM * half_chord.asin();
    (kilometres <= CITY_WITHIN_KM).then_some(found.record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(latitude: f64, longitude: f64) -> Option<Place> {
        let point = GeoPoint::new(latitude, longitude).unwrap();
        Places::new().place(point).unwrap()
    }

    #[test]
    fn names_city_region_and_nation() {
        let place = place(48.8566, 2.3522).unwrap();
        assert_eq!(place.region.as_deref(), Some("Île-de-France"));
        assert_eq!(place.nation, "France");
        assert_eq!(place.country_code, "FR");
    }

    #[test]
    fn the_city_is_of_the_country_that_holds_the_point() {
        // Weil am Rhein and Basel touch; the plain nearest city is Swiss.
        let place = place(47.5890, 7.5990).unwrap();
        assert_eq!(place.country_code, "DE");
        assert_eq!(place.city.as_deref(), Some("Weil am Rhein"));
    }

    #[test]
    fn far_from_any_city_the_country_alone_is_named() {
        let place = place(-24.0, 124.0).unwrap();
        assert_eq!((place.city, place.region), (None, None));
        assert_eq!(place.nation, "Australia");
    }

    #[test]
    fn a_country_without_cities_is_still_named() {
        let place = place(-54.42, 3.36).unwrap();
        assert_eq!(place.nation, "Bouvet Island");
        assert_eq!(place.city, None);
    }

    #[test]
    fn the_sea_has_no_name() {
        assert_eq!(place(0.0, 0.0), None);
        assert_eq!(place(-45.0, -140.0), None);
    }

    #[test]
    fn the_antimeridian_is_one_line() {
        // Wrangel Island and the south of Taveuni lie on it.
        for latitude in [71.0, -16.9, 66.0, 0.0, 90.0, -90.0] {
            assert_eq!(place(latitude, 180.0), place(latitude, -180.0));
        }
        assert_eq!(place(71.0, 180.0).unwrap().nation, "Russia");
    }

    #[test]
    fn a_pole_is_one_point() {
        for longitude in [0.0, 77.0, -120.0, 180.0] {
            assert_eq!(place(90.0, longitude), None);
            let south = place(-90.0, longitude).unwrap();
            assert_eq!((south.city, south.nation.as_str()), (None, "Antarctica"));
        }
    }

    static PLACES: std::sync::LazyLock<Places> = std::sync::LazyLock::new(Places::new);

    proptest! {
        #[test]
        fn every_point_has_a_place_or_none(latitude in -90.0..=90.0, longitude in -180.0..=180.0) {
            let point = GeoPoint::new(latitude, longitude).unwrap();
            if let Some(place) = PLACES.place(point).unwrap() {
                prop_assert_eq!(place.country_code.len(), 2);
                prop_assert!(!place.nation.is_empty());
                prop_assert!(place.city.is_some() || place.region.is_none());
            }
        }
    }
}
