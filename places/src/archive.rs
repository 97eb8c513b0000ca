//! The cities of each country by cells of five degrees, embedded:
//! `data/cities.bin`, written by `data/build.py`.

use std::fs::File;
use std::io;

use cloudalbum_domain::GeoPoint;
use flate2::read::ZlibDecoder;
use reverse_geocoder::ReverseGeocoder;

static CITIES: &[u8] = include_bytes!("../data/cities.bin");

/// Side of a cell, in degrees.
const CELL: f64 = 5.0;

/// A part of one country: its ISO 3166-1 code, the row from the south pole and
/// the column from the antimeridian.
pub(crate) type Cell = [u8; 4];

/// The cell of `country` that holds every city within 25 km of `point`.
pub(crate) fn cell(country: &str, point: GeoPoint) -> Option<Cell> {
    let [first, second] = *country.as_bytes() else {
        return None;
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "degrees from the corner of the world make a small whole number"
    )]
    let step = |degrees: f64| (degrees / CELL) as u8;
    // A point on the antimeridian belongs to the first column from both sides.
    let column = step(point.longitude() + 180.0) % step(360.0);
    Some([first, second, step(point.latitude() + 90.0), column])
}

/// Loads the cities of one cell, or none where GeoNames knows no city.
///
/// `ReverseGeocoder::from_path` wants a file, so the cell's is written to the
/// temporary folder for as long as it is read.
pub(crate) fn load(cell: Cell) -> Result<Option<ReverseGeocoder>, LoadCitiesError> {
    let Some(compressed) = find(CITIES, cell) else {
        return Ok(None);
    };
    let file = tempfile::NamedTempFile::new().map_err(LoadCitiesError)?;
    let mut csv = File::create(file.path()).map_err(LoadCitiesError)?;
    io::copy(&mut ZlibDecoder::new(compressed), &mut csv).map_err(LoadCitiesError)?;
    let cities = ReverseGeocoder::from_path(file.path()).map_err(LoadCitiesError)?;
    Ok(Some(cities))
}

/// The cities around a point could not be unpacked into the temporary folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot load the cities around a point")]
pub struct LoadCitiesError(#[source] io::Error);

/// The compressed file of `cell`. The layout is documented in `build.py`.
fn find(archive: &[u8], cell: Cell) -> Option<&[u8]> {
    let (count, rest) = archive.split_first_chunk()?;
    let index_length = usize::from(u16::from_le_bytes(*count)) * 8;
    let (mut index, mut files) = rest.split_at_checked(index_length)?;
    while let Some((entry, others)) = index.split_first_chunk::<8>() {
        let [first, second, row, column, length @ ..] = *entry;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let (file, later) = files.split_at_checked(length)?;
        if cell == [first, second, row, column] {
            return Some(file);
        }
        (index, files) = (others, later);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn at(country: &str, latitude: f64, longitude: f64) -> Option<Cell> {
        cell(country, GeoPoint::new(latitude, longitude).unwrap())
    }

    #[test]
    fn every_cell_of_the_archive_unpacks() {
        let count = usize::from(u16::from_le_bytes([CITIES[0], CITIES[1]]));
        let mut countries = std::collections::BTreeSet::new();
        for entry in CITIES[2..].chunks(8).take(count) {
            countries.insert(&entry[..2]);
            let mut csv = String::new();
            let cell = entry[..4].try_into().unwrap();
            let mut file = ZlibDecoder::new(find(CITIES, cell).unwrap());
            file.read_to_string(&mut csv).unwrap();
            let (header, rows) = csv.split_once('\n').unwrap();
            assert_eq!(header, "lat,lon,name,admin1,admin2,cc");
            assert!(!rows.is_empty(), "{cell:?}");
        }
        assert_eq!(countries.len(), 246);
    }

    #[test]
    fn every_city_is_found_from_its_own_place_and_from_the_next_cell() {
        let paris = load(at("FR", 48.86, 2.35).unwrap()).unwrap().unwrap();
        assert_eq!(paris.search((48.8534, 2.3488)).record.name, "Paris");
        // Bordeaux lies 18 km from the cell to its north.
        let north = load(at("FR", 45.01, -0.58).unwrap()).unwrap().unwrap();
        assert_eq!(north.search((44.84, -0.58)).record.name, "Bordeaux");
    }

    #[test]
    fn cells_cover_the_globe_once() {
        assert_eq!(at("RU", 71.0, 180.0), at("RU", 71.0, -180.0));
        assert_eq!(at("FR", 48.86, 2.35), Some([b'F', b'R', 27, 36]));
        assert_eq!(at("AQ", -90.0, 0.0), Some([b'A', b'Q', 0, 36]));
        assert_eq!(at("", 0.0, 0.0), None);
    }

    #[test]
    fn a_country_without_a_city_has_no_file() {
        let bouvet = at("BV", -54.42, 3.36).unwrap();
        assert!(find(CITIES, bouvet).is_none());
        assert!(load(bouvet).unwrap().is_none());
    }

    #[test]
    fn a_cut_archive_is_read_as_far_as_it_goes() {
        let harare = at("ZW", -17.83, 31.05).unwrap();
        assert!(find(CITIES, harare).is_some());
        assert!(find(&CITIES[..2000], harare).is_none());
        assert!(find(&[], harare).is_none());
    }
}
