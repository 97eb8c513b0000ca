//! The GPS position, altitude and direction, with the rules that keep what
//! broken receivers wrote off the map.

use cloudalbum_domain::{GeoPoint, Metadata};

use super::exif_block::{ExifBlocks, Tagged};
use super::tags;
use super::warning::Warning;

/// Reads the position, altitude and direction, each on its own.
pub(super) fn read(blocks: &ExifBlocks, metadata: &mut Metadata, warnings: &mut Vec<Warning>) {
    let (latitude, longitude) = (blocks.gps(tags::LATITUDE), blocks.gps(tags::LONGITUDE));
    if latitude.exists() && longitude.exists() {
        let latitude = degrees(latitude, blocks.gps(tags::LATITUDE_REF), warnings);
        let longitude = degrees(longitude, blocks.gps(tags::LONGITUDE_REF), warnings);
        metadata.location = position(latitude, longitude);
        if metadata.location.is_none() {
            warnings.retain(|warning| *warning != Warning::Hemisphere);
            warnings.push(Warning::Position);
        }
    }
    metadata.altitude = altitude(blocks);
    metadata.direction = blocks
        .gps(tags::DIRECTION)
        .number()
        .filter(|degrees| (0.0..=360.0).contains(degrees));
}

/// A point on Earth that is not exactly (0, 0), which means "no fix" in every
/// photo known to have it.
fn position(latitude: Option<f64>, longitude: Option<f64>) -> Option<GeoPoint> {
    let point = GeoPoint::new(latitude?, longitude?).ok()?;
    (point.latitude() != 0.0 || point.longitude() != 0.0).then_some(point)
}

/// Degrees, minutes and seconds as one number; none if the degrees are `x/0`.
/// Minutes and seconds of 0/0 are zero: some cameras put all into the degrees.
fn degrees(value: Tagged<'_>, reference: Tagged<'_>, warnings: &mut Vec<Warning>) -> Option<f64> {
    let parts = value.numbers();
    let part = |at: usize| parts.get(at).copied().flatten();
    let degrees = part(0)?;
    let minutes = part(1).unwrap_or(0.0) / 60.0 + part(2).unwrap_or(0.0) / 3600.0;
    let degrees = degrees + minutes.copysign(if degrees < 0.0 { -1.0 } else { 1.0 });
    match reference.text().and_then(|text| text.chars().next()) {
        Some('S' | 's' | 'W' | 'w') => Some(-degrees.abs()),
        Some('N' | 'n' | 'E' | 'e') => Some(degrees),
        _ => {
            if !warnings.contains(&Warning::Hemisphere) {
                warnings.push(Warning::Hemisphere);
            }
            Some(degrees)
        }
    }
}

/// Metres; `GPSAltitudeRef` 1 is below the sea, and so is 3 of EXIF 3.0.
fn altitude(blocks: &ExifBlocks) -> Option<f64> {
    let metres = blocks.gps(tags::ALTITUDE).number()?;
    let reference = blocks.gps(tags::ALTITUDE_REF);
    let below = match reference.bytes().and_then(<[u8]>::first) {
        Some(1 | 3 | b'1' | b'3') => true,
        Some(_) => false,
        None => matches!(reference.uint(), Some(1 | 3)),
    };
    Some(if below { -metres.abs() } else { metres })
}
