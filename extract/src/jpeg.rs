//! JPEG: its APP segments and frame header (ITU-T T.81, annex B).

use super::found::Found;
use super::iptc;
use super::original::{Original, Stop};

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const EXTENDED: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// Bytes between two segments that are skipped before giving up.
const JUNK: u64 = 64 * 1024;

/// Reads the segments of the JPEG that starts at `start`.
pub(super) fn scan<'a>(
    original: &'a Original<'_>,
    start: u64,
    found: &mut Found<'a>,
) -> Result<(), Stop> {
    let mut at = start + 2;
    loop {
        let (marker, after) = next_marker(original, at)?;
        match marker {
            // Standalone: no length follows.
            0x01 | 0xd0..=0xd8 => {
                at = after;
                continue;
            }
            // The entropy-coded data, or the end.
            0xd9 | 0xda => return Ok(()),
            _ => {}
        }
        let length = u16::from_be_bytes(original.array(after)?);
        let (body, size) = (after + 2, usize::from(length.saturating_sub(2)));
        segment(original, marker, body, size, found)?;
        at = after + u64::from(length.max(2));
    }
}

fn next_marker(original: &Original<'_>, start: u64) -> Result<(u8, u64), Stop> {
    let mut at = start;
    while original.array::<1>(at)? != [0xff] {
        at += 1;
        if at - start > JUNK {
            return Err(Stop::Malformed);
        }
    }
    while let [0xff] = original.array::<1>(at)? {
        at += 1;
    }
    let [marker] = original.array(at)?;
    Ok((marker, at + 1))
}

fn segment<'a>(
    original: &'a Original<'_>,
    marker: u8,
    body: u64,
    size: usize,
    found: &mut Found<'a>,
) -> Result<(), Stop> {
    match marker {
        0xe1 => {
            let bytes = original.up_to(body, size)?;
            if bytes.starts_with(b"Exif\0") {
                found.exif(bytes);
            } else if let Some(packet) = bytes.strip_prefix(XMP) {
                found.xmp.get_or_insert(packet.into());
            } else if let Some(portion) = bytes.strip_prefix(EXTENDED) {
                found.extended.add(portion);
            }
        }
        0xed => {
            let bytes = original.up_to(body, size)?;
            if let Some(resources) = bytes.strip_prefix(PHOTOSHOP)
                && let Some(records) = iptc::in_photoshop(resources)
            {
                found.iptc.get_or_insert(records.into());
            }
        }
        // Every kind of frame: all of 0xc0 to 0xcf but tables and extensions.
        0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
            let [_precision, h1, h2, w1, w2] = original.array(body)?;
            let (width, height) = (u16::from_be_bytes([w1, w2]), u16::from_be_bytes([h1, h2]));
            found.size.get_or_insert((width.into(), height.into()));
        }
        _ => {}
    }
    Ok(())
}
