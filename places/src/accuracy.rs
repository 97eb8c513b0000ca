//! The country of points whose country is known, where two sources agree.

use std::collections::BTreeMap;

use cloudalbum_domain::GeoPoint;

use crate::Places;

const POINTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/geo/points.csv");

/// Territories, of which the points name the sovereign state.
const TERRITORIES: [(&str, &str); 8] = [
    ("FR", "GP MQ GF RE YT BL MF PM WF PF NC TF"),
    ("NO", "SJ BV"),
    ("NL", "BQ AW CW SX"),
    ("FI", "AX"),
    ("CN", "HK MO"),
    ("US", "PR GU VI AS MP UM"),
    ("AU", "CX CC NF HM"),
    ("DK", "FO GL"),
];

fn sovereign(country: &str) -> &str {
    let holds = |(_, territories): &&(&str, &str)| territories.split(' ').any(|of| of == country);
    match country {
        "TK" => "NZ",
        _ => TERRITORIES.iter().find(holds).map_or(country, |row| row.0),
    }
}

#[test]
fn names_the_country_of_known_points() {
    let Ok(points) = std::fs::read_to_string(POINTS) else {
        return;
    };
    let places = Places::new();
    let mut sets: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut misses = Vec::new();
    for line in points.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [set, latitude, longitude, country, agrees] = fields[..] else {
            panic!("{line}");
        };
        if agrees != "1" && set != "ocean" {
            continue;
        }
        let point = GeoPoint::new(latitude.parse().unwrap(), longitude.parse().unwrap()).unwrap();
        let place = places.place(point).unwrap();
        let right = if set == "ocean" {
            place.is_none_or(|place| place.city.is_none())
        } else {
            place.is_some_and(|place| sovereign(&place.country_code) == sovereign(country))
        };
        if !right {
            misses.push((line, places.place(point).unwrap()));
        }
        let (hits, all) = sets.entry(set).or_default();
        *hits += u32::from(right);
        *all += 1;
    }
    let floors = [
        ("place", 99.9),
        ("land", 99.8),
        ("border", 98.5),
        ("ocean", 97.0),
    ];
    for (set, floor) in floors {
        let (hits, all) = sets[set];
        let percent = 100.0 * f64::from(hits) / f64::from(all);
        assert!(
            percent >= floor,
            "{set}: {hits} of {all}, {percent:.2}%: {misses:#?}"
        );
    }
}

#[test]
fn the_city_is_nearer_than_that_of_the_crates_own_data() {
    let Ok(points) = std::fs::read_to_string(POINTS) else {
        return;
    };
    let places = Places::new();
    let own = reverse_geocoder::ReverseGeocoder::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for line in points.lines().filter(|line| line.starts_with("border,")) {
        let mut fields = line.split(',').skip(1);
        let mut degrees = || fields.next().unwrap().parse().unwrap();
        let point = GeoPoint::new(degrees(), degrees()).unwrap();
        if let Some(distance) = places.distance(point) {
            ours.push(distance);
            theirs.push(own.search((point.latitude(), point.longitude())).distance);
        }
    }
    let median = |distances: &mut Vec<f64>| {
        distances.sort_by(f64::total_cmp);
        distances[distances.len() / 2]
    };
    assert!(ours.len() > 1000);
    assert!(median(&mut ours) < median(&mut theirs));
}
