//! The photos of a life: homes and journeys, seasons, a few cameras, tags of
//! which some are on every tenth photo and some on one in thousands.

use std::collections::BTreeSet;

use cloudalbum_domain::{
    Description, Facet, Filename, GeoPoint, MediaType, Metadata, NewPhoto, OwnerId, Photo, Place,
    Progress, Rendition, Sha256, Tags, TakenDate, Thumbnails, TraceContext,
};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// City, region, nation, its code, latitude and longitude in degrees; the
/// first are home.
const PLACES: [(&str, &str, &str, &str, f64, f64); 10] = [
    ("Lisbon", "Lisbon", "Portugal", "PT", 38.72, -9.14),
    ("Porto", "Porto", "Portugal", "PT", 41.15, -8.61),
    ("Sintra", "Lisbon", "Portugal", "PT", 38.80, -9.38),
    ("Zermatt", "Valais", "Switzerland", "CH", 46.02, 7.75),
    ("Kyoto", "Kyoto", "Japan", "JP", 35.02, 135.75),
    ("Hanoi", "Hanoi", "Vietnam", "VN", 21.02, 105.84),
    ("Banff", "Alberta", "Canada", "CA", 51.18, -115.57),
    ("Marrakesh", "Marrakesh-Safi", "Morocco", "MA", 31.63, -8.01),
    (
        "Cape Town",
        "Western Cape",
        "South Africa",
        "ZA",
        -33.93,
        18.42,
    ),
    (
        "Ushuaia",
        "Tierra del Fuego",
        "Argentina",
        "AR",
        -54.80,
        -68.30,
    ),
];
const CAMERAS: [(&str, &str); 3] = [
    ("Apple", "iPhone 13 Pro"),
    ("FUJIFILM", "X-T30"),
    ("Canon", "EOS 6D"),
];
/// Each on so many of 10,000 photos.
const TAGS: [(&str, u32); 6] = [
    ("family", 3_000),
    ("garden", 1_000),
    ("mountains", 600),
    ("birthday", 150),
    ("wedding", 20),
    ("eclipse", 2),
];
const YEARS: i32 = 20;

/// All photos of one owner.
pub(super) struct Life {
    pub(super) photos: Vec<Photo>,
}

impl Life {
    /// `count` photos, the same for the same owner.
    pub(super) fn of(owner: &OwnerId, count: u32) -> anyhow::Result<Self> {
        let seed = Sha256::of(owner.as_str().as_bytes());
        let mut chance = StdRng::seed_from_u64(seed.to_string().bytes().map(u64::from).sum());
        let photos = (0..count).map(|number| photo(owner, number, count, &mut chance));
        Ok(Self {
            photos: photos.collect::<anyhow::Result<_>>()?,
        })
    }
}

fn photo(owner: &OwnerId, number: u32, count: u32, chance: &mut StdRng) -> anyhow::Result<Photo> {
    let days = i64::from(number) * i64::from(YEARS) * 365 / i64::from(count);
    let minute = chance.random_range(0..24 * 60_i64);
    let taken = date(2006, 1, 1)
        .at(0, 0, 0, 0)
        .checked_add(days.days().minutes(minute))?;
    let away = chance.random_bool(0.4);
    let place = if away {
        PLACES.choose(chance)
    } else {
        PLACES.first()
    };
    let (city, region, nation, code, latitude, longitude) = *place.unwrap_or(&PLACES[0]);
    let near = |chance: &mut StdRng| chance.random_range(-0.08..0.08);
    let location = GeoPoint::new(latitude + near(chance), longitude + near(chance))?;
    let (make, model) = *CAMERAS.choose(chance).unwrap_or(&CAMERAS[0]);
    let tags = TAGS
        .iter()
        .filter(|(_, often)| chance.random_range(0..10_000) < *often);
    let tags: Vec<String> = tags.map(|(tag, _)| (*tag).to_owned()).collect();
    let granted = Timestamp::now() - SignedDuration::from_secs(i64::from(count - number));
    let new = NewPhoto {
        owner: owner.clone(),
        sha256: Sha256::of(format!("{owner} {number}").as_bytes()),
        content_type: MediaType::Jpeg,
        filesize: chance.random_range(1_000_000..8_000_000),
        filename: Filename::try_from(format!("IMG_{number:06}.JPG"))?,
        tags: Tags::try_from(tags)?,
        description: Description::default(),
        modified_at: None,
        trace_context: TraceContext::mint(
            u32::try_from(granted.as_second())?,
            chance.random(),
            chance.random(),
            false,
        ),
    };
    let mut photo = new.pending(granted);
    photo.edited = BTreeSet::new();
    photo.thumbnails = done(thumbnails(), granted);
    photo.metadata = done(Metadata::default(), granted);
    (photo.width, photo.height) = (Some(4032), Some(3024));
    (photo.make, photo.model) = (Some(make.to_owned()), Some(model.to_owned()));
    photo.taken_date = Some(TakenDate::local(taken));
    photo.location = Some(location);
    photo.place = Some(Place {
        city: Some(city.to_owned()),
        region: Some(region.to_owned()),
        nation: nation.to_owned(),
        country_code: code.to_owned(),
    });
    Ok(photo)
}

fn done<T>(result: T, at: Timestamp) -> Facet<T> {
    Facet {
        generation: 1,
        progress: Progress::Done { result, at },
        last: None,
    }
}

fn thumbnails() -> Thumbnails {
    let rendition = |name: &str, width, height, bytes| Rendition {
        name: name.to_owned(),
        width,
        height,
        bytes,
        media_type: MediaType::Jpeg,
    };
    Thumbnails {
        recipe: 1,
        width: 4032,
        height: 3024,
        thumbhash: "1QcSHQRnh493V4dIh4eXh1h4kJUI".to_owned(),
        renditions: vec![
            rendition("grid", 320, 240, 14_000),
            rendition("medium", 1024, 768, 110_000),
            rendition("large", 2048, 1536, 420_000),
        ],
        warnings: Vec::new(),
    }
}
