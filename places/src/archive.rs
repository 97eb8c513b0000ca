//! The cities of each country, embedded: `data/cities.bin`, written by
//! `data/build.py`.

use std::fs::File;
use std::io;

use flate2::read::ZlibDecoder;
use reverse_geocoder::ReverseGeocoder;

static CITIES: &[u8] = include_bytes!("../data/cities.bin");

/// Loads the cities of one country, or none where GeoNames knows no city.
///
/// `ReverseGeocoder::from_path` wants a file, so the country's is written to
/// the temporary folder for as long as it is read.
pub(crate) fn load(country: &str) -> Result<Option<ReverseGeocoder>, LoadCitiesError> {
    let Some(compressed) = find(CITIES, country) else {
        return Ok(None);
    };
    let file = tempfile::NamedTempFile::new().map_err(LoadCitiesError)?;
    let mut csv = File::create(file.path()).map_err(LoadCitiesError)?;
    io::copy(&mut ZlibDecoder::new(compressed), &mut csv).map_err(LoadCitiesError)?;
    let cities = ReverseGeocoder::from_path(file.path()).map_err(LoadCitiesError)?;
    Ok(Some(cities))
}

/// The cities of a country could not be unpacked into the temporary folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot load the cities of a country")]
pub struct LoadCitiesError(#[source] io::Error);

/// The compressed file of `country`. The layout is documented in `build.py`.
fn find<'a>(archive: &'a [u8], country: &str) -> Option<&'a [u8]> {
    let (count, rest) = archive.split_first_chunk()?;
    let index_length = usize::from(u16::from_le_bytes(*count)) * 6;
    let (mut index, mut files) = rest.split_at_checked(index_length)?;
    while let Some((entry, others)) = index.split_first_chunk::<6>() {
        let [first, second, length @ ..] = *entry;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let (file, later) = files.split_at_checked(length)?;
        if country.as_bytes() == [first, second] {
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

    #[test]
    fn every_country_of_the_archive_unpacks() {
        let count = usize::from(u16::from_le_bytes([CITIES[0], CITIES[1]]));
        assert_eq!(count, 246);
        for entry in CITIES[2..].chunks(6).take(count) {
            let country = std::str::from_utf8(&entry[..2]).unwrap();
            let mut csv = String::new();
            let mut file = ZlibDecoder::new(find(CITIES, country).unwrap());
            file.read_to_string(&mut csv).unwrap();
            let (header, rows) = csv.split_once('\n').unwrap();
            assert_eq!(header, "lat,lon,name,admin1,admin2,cc");
            let suffix = format!(",{country}");
            assert!(rows.lines().all(|row| row.ends_with(&suffix)), "{country}");
            assert!(!rows.is_empty(), "{country}");
        }
    }

    #[test]
    fn a_country_without_a_city_has_no_file() {
        assert!(find(CITIES, "BV").is_none());
        assert!(find(CITIES, "").is_none());
        assert!(load("BV").unwrap().is_none());
    }

    #[test]
    fn a_cut_archive_is_read_as_far_as_it_goes() {
        assert!(find(&CITIES[..2000], "ZW").is_none());
        assert!(find(&[], "ZW").is_none());
    }
}
