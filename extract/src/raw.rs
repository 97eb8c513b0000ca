//! The metadata at the head of Fujifilm RAF, Canon CR3 and JPEG XL files.

use exif::Context;

use super::boxes::{self, Box};
use super::found::Found;
use super::jpeg;
use super::original::{Original, Stop};

const BLOCK_LIMIT: usize = 4 * 1024 * 1024;
/// The `uuid` box of Canon's metadata (<https://github.com/lclevy/canon_cr3>).
const CANON: [u8; 16] = [
    0x85, 0xc0, 0xb6, 0x87, 0x82, 0x0f, 0x11, 0xe0, 0x81, 0x11, 0xf4, 0xce, 0x46, 0x2b, 0x6a, 0x48,
];

/// A RAF file holds a whole JPEG, whose offset stands at byte 84.
pub(super) fn fuji<'a>(original: &'a Original<'_>, found: &mut Found<'a>) -> Result<(), Stop> {
    let start = u64::from(u32::from_be_bytes(original.array(84)?));
    if original.array::<2>(start)? != [0xff, 0xd8] {
        return Err(Stop::Malformed);
    }
    jpeg::scan(original, start, found)?;
    // That JPEG is a preview, its size is not the photo's.
    found.size = None;
    Ok(())
}

/// A CR3 file has a TIFF structure for each IFD, inside `moov`.
pub(super) fn canon<'a>(
    original: &'a Original<'_>,
    movie: Box,
    found: &mut Found<'a>,
) -> Result<(), Stop> {
    found.size_in_tags = true;
    for child in boxes::within(original, movie.body, movie.end) {
        let child = child?;
        if &child.kind != b"uuid" || original.array(child.body)? != CANON {
            continue;
        }
        for block in boxes::within(original, child.body + 16, child.end) {
            let block = block?;
            let context = match &block.kind {
                b"CMT1" => Context::Tiff,
                b"CMT2" => Context::Exif,
                b"CMT4" => Context::Gps,
                _ => continue,
            };
            let bytes = block.bytes(original, BLOCK_LIMIT)?;
            found.tiffs.push((context, bytes.into()));
        }
    }
    Ok(())
}

/// A JPEG XL container has `Exif` and `xml ` boxes (ISO/IEC 18181-2). Boxes
/// packed with Brotli are passed over.
pub(super) fn jxl<'a>(
    original: &'a Original<'_>,
    start: u64,
    found: &mut Found<'a>,
) -> Result<(), Stop> {
    for child in boxes::within(original, start, original.length()) {
        let child = child?;
        match &child.kind {
            b"Exif" => {
                let bytes = child.bytes(original, BLOCK_LIMIT)?;
                if let Some((offset, rest)) = bytes.split_first_chunk() {
                    let offset = u32::from_be_bytes(*offset) as usize;
                    found.exif(rest.get(offset..).unwrap_or_default());
                }
            }
            b"xml " => found.xmp = Some(child.bytes(original, BLOCK_LIMIT)?.into()),
            _ => {}
        }
    }
    Ok(())
}
