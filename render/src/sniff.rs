//! Tells a file's type from its first bytes, whatever it is called.

use cloudalbum_domain::MediaType;

/// The type that `bytes` begin like, or none that we decode.
pub fn sniff(bytes: &[u8]) -> Option<MediaType> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some(MediaType::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(MediaType::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(MediaType::Gif),
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
        ] => Some(MediaType::WebP),
        // Canon's CR2 is a TIFF that says so at byte 8.
        [b'I', b'I', 42, 0, _, _, _, _, b'C', b'R', ..] => None,
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(MediaType::Tiff),
        // "BM" alone begins many a text, so the size of the next header counts too.
        [
            b'B',
            b'M',
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            12 | 16 | 40 | 52 | 56 | 64 | 108 | 124,
            0,
            0,
            0,
            ..,
        ] => Some(MediaType::Bmp),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => heif_brand(bytes),
        _ => None,
    }
}

/// Whether a file `found` to be of one type may be declared as the other.
///
/// HEIC is HEIF with one codec, and clients call either by both names.
pub fn agrees(declared: MediaType, found: MediaType) -> bool {
    let family = |kind| match kind {
        MediaType::Heic => MediaType::Heif,
        other => other,
    };
    family(declared) == family(found)
}

/// Reads the brands of the `ftyp` box (ISO/IEC 14496-12, 4.3); the major one
/// decides unless it is general.
fn heif_brand(bytes: &[u8]) -> Option<MediaType> {
    let size: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    let size = usize::try_from(u32::from_be_bytes(size)).ok()?;
    let ftyp = bytes.get(8..size.min(bytes.len()).min(256))?;
    let (brands, _) = ftyp.as_chunks::<4>();
    let named = brands
        .iter()
        .enumerate()
        // The second word is the minor version.
        .filter(|(index, _)| *index != 1)
        .find_map(|(_, brand)| match brand {
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some(MediaType::Heic),
            b"avif" | b"avis" => Some(MediaType::Avif),
            _ => None,
        });
    let general = || {
        brands
            .iter()
            .any(|brand| matches!(brand, b"mif1" | b"mif2" | b"msf1"))
            .then_some(MediaType::Heif)
    };
    named.or_else(general)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_types_by_content_alone() {
        for (bytes, kind) in [
            (&b"\xFF\xD8\xFF\xE0"[..], Some(MediaType::Jpeg)),
            (b"GIF89a", Some(MediaType::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(MediaType::WebP)),
            (b"II*\0\x10\0\0\0CR\x02\0", None),
            (b"II*\0\x08\0\0\0", Some(MediaType::Tiff)),
            (b"BMW is a maker of cars", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"PK\x03\x04", None),
            (b"\0\0\0\x14ftypmif1\0\0\0\0heic", Some(MediaType::Heic)),
            (b"\0\0\0\x14ftypmif1\0\0\0\0miaf", Some(MediaType::Heif)),
            (b"\0\0\0\x14ftypavif\0\0\0\0mif1", Some(MediaType::Avif)),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", None),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp42", None),
            (b"\0\0\0\0ftyp", None),
            (b"", None),
        ] {
            assert_eq!(sniff(bytes), kind, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn heic_may_be_called_heif() {
        assert!(agrees(MediaType::Heif, MediaType::Heic));
        assert!(!agrees(MediaType::Jpeg, MediaType::Png));
    }
}
