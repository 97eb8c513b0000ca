//! WebP: its RIFF chunks (<https://developers.google.com/speed/webp/docs/riff_container>).

use super::found::Found;
use super::original::{Original, Stop};

const METADATA_LIMIT: u32 = 4 * 1024 * 1024;

pub(super) fn scan<'a>(original: &'a Original<'_>, found: &mut Found<'a>) -> Result<(), Stop> {
    let mut at = 12;
    while at < original.length() {
        let [k1, k2, k3, k4, length @ ..] = original.array::<8>(at)?;
        let (kind, length) = ([k1, k2, k3, k4], u32::from_le_bytes(length));
        let body = at + 8;
        match &kind {
            b"VP8X" => {
                let [flags, _, _, _, w1, w2, w3, h1, h2, h3] = original.array(body)?;
                let size = |bytes| u32::from_le_bytes(bytes) + 1;
                found.size = Some((size([w1, w2, w3, 0]), size([h1, h2, h3, 0])));
                // Neither EXIF nor XMP: nothing to look for behind the picture.
                if flags & 0b1100 == 0 {
                    return Ok(());
                }
            }
            b"VP8 " if found.size.is_none() => {
                let [w1, w2, h1, h2] = original.array(body + 6)?;
                let size = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
                found.size = Some((size([w1, w2]), size([h1, h2])));
            }
            b"VP8L" if found.size.is_none() => {
                let bits = u32::from_le_bytes(original.array(body + 1)?);
                found.size = Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1));
            }
            b"EXIF" => found.exif(chunk(original, body, length)?),
            b"XMP " => found.xmp = Some(chunk(original, body, length)?.into()),
            _ => {}
        }
        // Chunks are padded to even lengths.
        at = body + u64::from(length) + u64::from(length & 1);
    }
    Ok(())
}

fn chunk<'a>(original: &'a Original<'_>, body: u64, length: u32) -> Result<&'a [u8], Stop> {
    original.up_to(body, length.min(METADATA_LIMIT) as usize)
}
