//! The EXIF block of a drawn photo.
//!
//! Tags are those of CIPA DC-008-2019 (Exif 2.32); the block goes into an APP1
//! segment right after SOI, as its section 4.5.4 asks.

use anyhow::Context as _;
use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use jiff::civil::date;
use jiff::{Span, ToSpan as _};

/// When and where a photo was taken.
pub(super) struct Journey {
    /// Its place in the series; photos are about a week apart.
    pub(super) number: usize,
    /// In degrees.
    pub(super) latitude: f64,
    /// In degrees.
    pub(super) longitude: f64,
    /// Whether the picture must be turned a quarter clockwise to be seen.
    pub(super) upright: bool,
}

/// The JPEG with its EXIF segment.
pub(super) fn with_exif(jpeg: &[u8], journey: &Journey) -> anyhow::Result<Vec<u8>> {
    let block = block(journey)?;
    let length = u16::try_from(block.len() + 8)?;
    let (start, rest) = jpeg.split_at_checked(2).context("a JPEG begins with SOI")?;
    let mut whole = Vec::with_capacity(jpeg.len() + block.len() + 10);
    whole.extend_from_slice(start);
    whole.extend_from_slice(&[0xff, 0xe1]);
    whole.extend_from_slice(&length.to_be_bytes());
    whole.extend_from_slice(b"Exif\0\0");
    whole.extend_from_slice(&block);
    whole.extend_from_slice(rest);
    Ok(whole)
}

fn block(journey: &Journey) -> anyhow::Result<Vec<u8>> {
    let days: Span = (i64::try_from(journey.number)? * 8).days();
    let taken = date(2024, 3, 9).at(10, 24, 0, 0).checked_add(days)?;
    let taken = taken.strftime("%Y:%m:%d %H:%M:%S").to_string();
    let (make, model) = [
        ("Canon", "EOS R6"),
        ("FUJIFILM", "X-T5"),
        ("Apple", "iPhone 15"),
    ]
    .into_iter()
    .cycle()
    .nth(journey.number)
    .context("cameras go round")?;
    let ratio =
        |numerator, denominator| Value::Rational(vec![Rational::from((numerator, denominator))]);
    let side =
        |value: f64, positive, negative| ascii(if value < 0.0 { negative } else { positive });
    let fields = [
        (Tag::Make, ascii(make)),
        (Tag::Model, ascii(model)),
        (
            Tag::Orientation,
            Value::Short(vec![if journey.upright { 6 } else { 1 }]),
        ),
        (Tag::DateTimeOriginal, ascii(&taken)),
        (Tag::ExposureTime, ratio(1, 250)),
        (Tag::FNumber, ratio(56, 10)),
        (Tag::PhotographicSensitivity, Value::Short(vec![200])),
        (Tag::FocalLength, ratio(35, 1)),
        (Tag::GPSLatitudeRef, side(journey.latitude, "N", "S")),
        (Tag::GPSLatitude, degrees(journey.latitude)),
        (Tag::GPSLongitudeRef, side(journey.longitude, "E", "W")),
        (Tag::GPSLongitude, degrees(journey.longitude)),
    ]
    .map(|(tag, value)| Field {
        tag,
        ifd_num: In::PRIMARY,
        value,
    });
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut block = std::io::Cursor::new(Vec::new());
    writer.write(&mut block, false)?;
    Ok(block.into_inner())
}

fn ascii(text: &str) -> Value {
    Value::Ascii(vec![text.as_bytes().to_vec()])
}

/// Degrees, minutes and hundredths of seconds.
fn degrees(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "180 degrees are 64,800,000 hundredths of seconds"
    )]
    let hundredths = (value.abs() * 360_000.0).round() as u32;
    Value::Rational(vec![
        Rational::from((hundredths / 360_000, 1)),
        Rational::from((hundredths / 6_000 % 60, 1)),
        Rational::from((hundredths % 6_000, 100)),
    ])
}
