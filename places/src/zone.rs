//! The offset of a camera's clock, by the time zone of the place.

use std::sync::OnceLock;

use cloudalbum_domain::{GeoPoint, TakenDate};
use jiff::tz::{AmbiguousOffset, TimeZone};
use tzf_rs::EmbeddedFinder;

/// The time zones of the world, loaded when an offset is first missing: most
/// photos never need them.
#[derive(Default)]
pub struct Zones(OnceLock<EmbeddedFinder>);

impl Zones {
    /// `taken` with the offset that clocks at `place` had; as it is if it has
    /// one. At sea, and in the hour that a change of the clocks skips or
    /// repeats, the offset stays unknown rather than invented.
    #[must_use]
    pub fn complete(&self, taken: TakenDate, place: GeoPoint) -> TakenDate {
        if taken.offset_seconds.is_some() {
            return taken;
        }
        let finder = self.0.get_or_init(EmbeddedFinder::new);
        let name = finder.get_tz_name(place.longitude(), place.latitude());
        // `Etc/GMT-3` is a strip of ocean; ships keep other times.
        if name.is_empty() || name.starts_with("Etc/") {
            return taken;
        }
        let Ok(zone) = TimeZone::get(name) else {
            return taken;
        };
        match zone.to_ambiguous_timestamp(taken.local).offset() {
            AmbiguousOffset::Unambiguous { offset } => taken.at(offset),
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(local: &str, latitude: f64, longitude: f64) -> Option<i32> {
        let taken = TakenDate::local(local.parse().unwrap());
        let place = GeoPoint::new(latitude, longitude).unwrap();
        Zones::default().complete(taken, place).offset_seconds
    }

    #[test]
    fn the_place_and_the_season_tell_the_offset() {
        assert_eq!(complete("2024-07-01T12:00:00", 48.85, 2.35), Some(7200));
        assert_eq!(complete("2024-01-01T12:00:00", 48.85, 2.35), Some(3600));
        assert_eq!(complete("2024-01-01T12:00:00", 27.7, 85.3), Some(20_700));
    }

    #[test]
    fn an_offset_that_is_known_stays() {
        let taken = TakenDate {
            local: "2024-07-01T12:00:00".parse().unwrap(),
            offset_seconds: Some(0),
        };
        let paris = GeoPoint::new(48.85, 2.35).unwrap();
        assert_eq!(Zones::default().complete(taken, paris), taken);
    }

    #[test]
    fn no_offset_is_invented() {
        assert_eq!(
            complete("2024-07-01T12:00:00", -45.0, -140.0),
            None,
            "at sea"
        );
        assert_eq!(
            complete("2024-03-31T02:30:00", 48.85, 2.35),
            None,
            "skipped"
        );
        assert_eq!(
            complete("2024-10-27T02:30:00", 48.85, 2.35),
            None,
            "repeated"
        );
    }
}
