//! When the photo was taken, by the camera's clock and with its own offset.

use cloudalbum_domain::{Metadata, TakenDate};
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::exif_block::{ExifBlocks, Tagged};
use super::tags;
use super::warning::Warning;

/// Further than this from a quarter of an hour, the receiver's time is stale.
const FIX_WITHIN_SECONDS: i64 = 180;
/// Offsets that are no whole hours and in use somewhere, in minutes.
const ODD_OFFSETS: [i64; 12] = [
    -570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765,
];

/// Reads `DateTimeOriginal`, else `DateTimeDigitized`. The offset is the EXIF
/// one, else what the receiver's UTC tells; else it stays unknown.
pub(super) fn read(blocks: &ExifBlocks, metadata: &mut Metadata, warnings: &mut Vec<Warning>) {
    let sources = [
        (
            tags::DATE_ORIGINAL,
            tags::SUBSEC_ORIGINAL,
            tags::OFFSET_ORIGINAL,
        ),
        (
            tags::DATE_DIGITIZED,
            tags::SUBSEC_DIGITIZED,
            tags::OFFSET_DIGITIZED,
        ),
    ];
    for (date, subsec, offset) in sources {
        let Some(text) = blocks.exif(date).text() else {
            continue;
        };
        let fraction = blocks.exif(subsec).text();
        let Some(local) = parse(&text, fraction.as_deref()) else {
            if !warnings.contains(&Warning::Date) {
                warnings.push(Warning::Date);
            }
            continue;
        };
        let offset = parse_offset(blocks.exif(offset))
            .or_else(|| parse_offset(blocks.exif(tags::OFFSET)))
            .or_else(|| offset_by_receiver(local, utc(blocks)?));
        metadata.taken = Some(TakenDate {
            local,
            offset_seconds: offset.map(Offset::seconds),
        });
        return;
    }
}

/// `2024:05:01 10:11:12`, whatever stands between the numbers.
fn parse(text: &str, fraction: Option<&str>) -> Option<DateTime> {
    let mut numbers = text
        .split(|char: char| !char.is_ascii_digit())
        .filter(|digits| !digits.is_empty());
    let year = numbers.next()?.parse().ok()?;
    let mut next = || numbers.next()?.parse::<i8>().ok();
    let (month, day) = (next()?, next()?);
    let (hour, minute) = (next()?, next()?);
    // Some scanners write no seconds.
    let second = next().unwrap_or(0).min(59);
    let nanosecond = fraction.and_then(nanoseconds).unwrap_or(0);
    let date = DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    (year > 0).then_some(date)
}

/// "054" is 54 ms: the digits follow the decimal point.
fn nanoseconds(fraction: &str) -> Option<i32> {
    let digits: String = fraction
        .chars()
        .take_while(char::is_ascii_digit)
        .take(9)
        .collect();
    if digits.is_empty() {
        return None;
    }
    format!("{digits:0<9}").parse().ok()
}

/// `+02:00`, `-0330` or `Z`; an empty one is none.
fn parse_offset(tag: Tagged<'_>) -> Option<Offset> {
    let text = tag.text()?;
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|&char| char != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let number = |text: &str| text.parse::<u8>().ok().map(i32::from);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 15 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// The receiver's date and time, which are UTC.
fn utc(blocks: &ExifBlocks) -> Option<DateTime> {
    let date = blocks.gps(tags::GPS_DATE).text()?;
    let time = blocks.gps(tags::GPS_TIME).numbers();
    let part = |at: usize| time.get(at).copied().flatten();
    let (hour, minute, second) = (part(0)?, part(1)?, part(2).unwrap_or(0.0));
    parse(
        &format!("{date} {hour:.0}:{minute:.0}:{:.0}", second.floor()),
        None,
    )
}

/// The offset between both clocks, if it is one that is in use.
fn offset_by_receiver(local: DateTime, utc: DateTime) -> Option<Offset> {
    let seconds = local.duration_since(utc).as_secs();
    let minutes = (seconds + 450).div_euclid(900) * 15;
    let stale = (seconds - minutes * 60).abs() > FIX_WITHIN_SECONDS;
    let whole = minutes % 60 == 0 && (-720..=840).contains(&minutes);
    if stale || !(whole || ODD_OFFSETS.contains(&minutes)) {
        return None;
    }
    Offset::from_seconds(i32::try_from(minutes * 60).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn dates_that_cameras_write_are_read() {
        let noon = Some(date("2024-05-01T12:00:00"));
        for text in [
            "2024:05:01 12:00:00",
            "2024-05-01T12:00:00",
            "2024/05/01 12:00",
        ] {
            assert_eq!(parse(text, None), noon, "{text}");
        }
        let precise = parse("2024:05:01 12:00:00", Some("054"));
        assert_eq!(precise, Some(date("2024-05-01T12:00:00.054")));
    }

    #[test]
    fn dates_that_are_none_are_not() {
        for text in [
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "2024:13:01 00:00:00",
            "2024:05:01",
            "99999:01:01 00:00:00",
            "",
        ] {
            assert_eq!(parse(text, None), None, "{text}");
        }
    }

    #[test]
    fn the_receivers_clock_tells_offsets_that_are_in_use() {
        let offset = |local: &str, utc: &str| {
            offset_by_receiver(date(local), date(utc)).map(Offset::seconds)
        };
        assert_eq!(
            offset("2024-05-01T12:00:40", "2024-05-01T10:00:00"),
            Some(7200)
        );
        assert_eq!(
            offset("2024-05-01T02:00:00", "2024-04-30T20:15:00"),
            Some(20_700)
        );
        assert_eq!(
            offset("2024-05-01T00:00:00", "2024-05-01T12:00:00"),
            Some(-43_200)
        );
        // A fix of long ago, and an offset that nobody has.
        assert_eq!(offset("2024-05-01T12:08:00", "2024-05-01T10:00:00"), None);
        assert_eq!(offset("2024-05-01T12:15:00", "2024-05-01T10:00:00"), None);
        assert_eq!(offset("2024-05-03T12:00:00", "2024-05-01T10:00:00"), None);
    }
}
