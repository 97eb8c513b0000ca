//! Tells damage that leaves a picture from damage that does not.

use super::super::error::{RenderError, Warning};

/// How libjpeg begins its warnings (`jerror.h`): it goes on after these, and
/// libjpeg-turbo reports the last of them once all rows are written.
const WARNINGS: [&str; 7] = [
    "Corrupt JPEG data",
    "Premature end of JPEG file",
    "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
    "Unknown Adobe color transform code",
    "Warning: unknown JFIF revision number",
    "Application transferred too many scanlines",
];

/// What a decoder complained about in a picture that it has written whole.
pub(super) type Damage = Option<String>;

/// The warning of a decoder that has written a whole picture, if there was one.
pub(super) fn recoverable(result: Result<(), turbojpeg::Error>) -> Result<Damage, RenderError> {
    match result {
        Ok(()) => Ok(None),
        Err(turbojpeg::Error::TurboJpegError(message))
            if WARNINGS.iter().any(|known| message.contains(known)) =>
        {
            Ok(Some(message))
        }
        Err(error) => Err(RenderError::Corrupt(error.to_string())),
    }
}

/// How many rows at the bottom hold nothing but `grey`, which is what blocks
/// without data come out as.
pub(in super::super) fn grey_rows(pixels: &[u8], row: usize, grey: u8) -> u32 {
    let rows = pixels
        .rchunks_exact(row.max(1))
        .take_while(|row| row.iter().all(|byte| *byte == grey));
    u32::try_from(rows.count()).unwrap_or(u32::MAX)
}

/// Accepts a picture of which at least half is there.
pub(in super::super) fn judge(
    message: &str,
    missing: u32,
    rows: u32,
) -> Result<Warning, RenderError> {
    if u64::from(missing) * 2 > u64::from(rows) {
        return Err(RenderError::Corrupt(format!(
            "{missing} of {rows} rows are missing"
        )));
    }
    if missing == 0 && !message.contains("Premature end") {
        return Ok(Warning::Damaged);
    }
    let percent = u64::from(missing) * 100 / u64::from(rows.max(1));
    Ok(Warning::Truncated {
        missing_percent: u8::try_from(percent).unwrap_or(100),
    })
}
