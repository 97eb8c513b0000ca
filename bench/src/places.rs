//! Naming places: accuracy, load and query times and memory, beside
//! `reverse_geocoder` with its built-in data.

use std::collections::BTreeMap;
use std::time::Instant;

use cloudalbum_domain::{GeoPoint, TakenDate};
use cloudalbum_places::Places;
use cloudalbum_places::zone::Zones;
use reverse_geocoder::ReverseGeocoder;

use crate::figure::{self, micros, percentile};

const POINTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/geo/points.csv");

/// One city in each of twenty countries that people travel to.
const TWENTY: [(f64, f64); 20] = [
    (48.85, 2.35),
    (40.42, -3.70),
    (40.71, -74.01),
    (41.90, 12.50),
    (41.01, 28.98),
    (19.43, -99.13),
    (51.51, -0.13),
    (52.52, 13.40),
    (37.98, 23.73),
    (48.21, 16.37),
    (35.68, 139.69),
    (13.75, 100.50),
    (25.20, 55.27),
    (38.72, -9.14),
    (52.37, 4.90),
    (50.08, 14.44),
    (30.04, 31.24),
    (-33.87, 151.21),
    (43.65, -79.38),
    (-22.91, -43.17),
];

/// Their countries, to be filled with every known point.
const TRAVELLED: [&str; 20] = [
    "FR", "ES", "US", "IT", "TR", "MX", "GB", "DE", "GR", "AT", "JP", "TH", "AE", "PT", "NL", "CZ",
    "EG", "AU", "CA", "BR",
];

pub(crate) fn run() -> anyhow::Result<()> {
    let before = resident_mb();
    let start = Instant::now();
    let places = Places::new();
    figure::print("places.open_ms", micros(start.elapsed()) / 1e3, "ms");
    let mut first = Vec::new();
    for (latitude, longitude) in TWENTY {
        let start = Instant::now();
        places.place(GeoPoint::new(latitude, longitude)?)?;
        first.push(micros(start.elapsed()) / 1000.0);
    }
    let median = percentile(&mut first, 50).unwrap_or_default();
    figure::print("places.first_of_country_p50_ms", median, "ms");
    let longest = percentile(&mut first, 100).unwrap_or_default();
    figure::print("places.first_of_country_max_ms", longest, "ms");
    figure::print("places.twenty_countries_mb", resident_mb() - before, "MB");

    let points = points()?;
    for point in points
        .iter()
        .filter(|point| TRAVELLED.contains(&&*point.country))
    {
        places.place(point.at)?;
    }
    figure::print(
        "places.twenty_countries_all_over_mb",
        resident_mb() - before,
        "MB",
    );
    accuracy(&places, &points)?;
    let mut times = Vec::new();
    for point in &points {
        let start = Instant::now();
        std::hint::black_box(places.place(point.at)?);
        times.push(micros(start.elapsed()));
    }
    if let Some(p99) = percentile(&mut times, 99) {
        figure::print("places.p99_us", p99, "us");
    }
    zones()?;
    built_in(&points);
    Ok(())
}

/// The crate with its own data, which is what a cold start would load.
fn built_in(points: &[Known]) {
    let before = resident_mb();
    let start = Instant::now();
    let geocoder = ReverseGeocoder::new();
    let load = micros(start.elapsed()) / 1000.0;
    figure::print("places.built_in_load_ms", load, "ms");
    figure::print("places.built_in_mb", resident_mb() - before, "MB");
    let mut times = Vec::new();
    for point in points {
        let start = Instant::now();
        std::hint::black_box(geocoder.search((point.at.latitude(), point.at.longitude())));
        times.push(micros(start.elapsed()));
    }
    if let Some(p99) = percentile(&mut times, 99) {
        figure::print("places.built_in_p99_us", p99, "us");
    }
}

/// The time zones, which only photos without an offset load.
fn zones() -> anyhow::Result<()> {
    let before = resident_mb();
    let taken = TakenDate::local("2024-07-01T12:00:00".parse()?);
    let paris = GeoPoint::new(48.85, 2.35)?;
    let (zones, start) = (Zones::default(), Instant::now());
    std::hint::black_box(zones.complete(taken, paris));
    figure::print(
        "places.zones_first_ms",
        micros(start.elapsed()) / 1000.0,
        "ms",
    );
    figure::print("places.zones_mb", resident_mb() - before, "MB");
    Ok(())
}

struct Known {
    set: String,
    at: GeoPoint,
    country: String,
    agrees: bool,
}

/// The points with known countries, if they are beside the repository.
fn points() -> anyhow::Result<Vec<Known>> {
    let text = std::fs::read_to_string(POINTS).unwrap_or_default();
    let mut points = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        if let [set, latitude, longitude, country, agrees] = *fields {
            points.push(Known {
                set: set.to_owned(),
                at: GeoPoint::new(latitude.parse()?, longitude.parse()?)?,
                country: country.to_owned(),
                agrees: agrees == "1",
            });
        }
    }
    Ok(points)
}

fn accuracy(places: &Places, points: &[Known]) -> anyhow::Result<()> {
    let mut sets: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for point in points {
        let ocean = point.set == "ocean";
        if !(ocean || point.agrees) {
            continue;
        }
        let place = places.place(point.at)?;
        let right = if ocean {
            place.is_none_or(|place| place.city.is_none())
        } else {
            place.is_some_and(|place| sovereign(&place.country_code) == sovereign(&point.country))
        };
        let (hits, all) = sets.entry(&point.set).or_default();
        *hits += u32::from(right);
        *all += 1;
    }
    for (set, (hits, all)) in sets {
        let name = if set == "ocean" {
            "places.ocean_no_city_percent".to_owned()
        } else {
            format!("places.country_{set}_percent")
        };
        figure::print(&name, 100.0 * f64::from(hits) / f64::from(all), "%");
    }
    Ok(())
}

/// The points name the sovereign state of a territory.
fn sovereign(country: &str) -> &str {
    match country {
        "GP" | "MQ" | "GF" | "RE" | "YT" | "BL" | "MF" | "PM" | "WF" | "PF" | "NC" | "TF" => "FR",
        "SJ" | "BV" => "NO",
        "BQ" | "AW" | "CW" | "SX" => "NL",
        "AX" => "FI",
        "HK" | "MO" => "CN",
        "PR" | "GU" | "VI" | "AS" | "MP" | "UM" => "US",
        "CX" | "CC" | "NF" | "HM" => "AU",
        "FO" | "GL" => "DK",
        "TK" => "NZ",
        country => country,
    }
}

/// The resident memory of this process, as Linux counts it.
fn resident_mb() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0.0) * 4096.0 / 1e6
}
