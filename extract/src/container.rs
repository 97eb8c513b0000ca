//! Which container a file is, by its first bytes.

use super::boxes;
use super::found::Found;
use super::original::{Original, Stop};
use super::{heif, jpeg, png, raw, tiff, webp};

/// Reads the container of `original`; false if it is not known.
pub(super) fn scan<'a>(original: &'a Original<'_>, found: &mut Found<'a>) -> Result<bool, Stop> {
    let head = original.up_to(0, 32)?;
    match head {
        [0xff, 0xd8, ..] => jpeg::scan(original, 0, found)?,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => png::scan(original, found)?,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => {
            webp::scan(original, found)?;
        }
        [_, _, _, _, b'f' | b'J', ..] => return media(original, found),
        [b'G', b'I', b'F', b'8', _, _, w1, w2, h1, h2, ..] => {
            let size = |bytes| u32::from(u16::from_le_bytes(bytes));
            found.size = Some((size([*w1, *w2]), size([*h1, *h2])));
        }
        [b'B', b'M', ..] => {
            let [w1, w2, w3, w4, height @ ..] = original.array::<8>(18)?;
            let width = i32::from_le_bytes([w1, w2, w3, w4]);
            // A negative height means rows from top to bottom.
            let height = i32::from_le_bytes(height);
            found.size = Some((width.unsigned_abs(), height.unsigned_abs()));
        }
        _ if head.starts_with(b"FUJIFILMCCD-RAW") => raw::fuji(original, found)?,
        _ if tiff::is_tiff(head) => {
            found.is_tiff = true;
            found.size_in_tags = true;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A file of boxes: HEIF, AVIF, JPEG XL or Canon's CR3.
fn media<'a>(original: &'a Original<'_>, found: &mut Found<'a>) -> Result<bool, Stop> {
    let mut known = false;
    for child in boxes::within(original, 0, original.length()) {
        let child = child?;
        match &child.kind {
            b"ftyp" => known = true,
            b"JXL " => return raw::jxl(original, child.end, found).map(|()| true),
            b"meta" if known => return heif::scan(original, child, found).map(|()| true),
            b"moov" if known => return raw::canon(original, child, found).map(|()| true),
            _ if !known => return Ok(false),
            _ => {}
        }
    }
    Ok(known)
}
