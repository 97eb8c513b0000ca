//! HEIF, HEIC and AVIF: the items that hold EXIF and XMP, and the size and
//! turn of the primary item (ISO/IEC 23008-12).

use super::boxes::{self, Box};
use super::found::Found;
use super::item::{self, Items};
use super::original::{Original, Stop};

/// What a `meta` box may hold.
const META_LIMIT: usize = 4 * 1024 * 1024;
/// What an EXIF or XMP item may hold.
const ITEM_LIMIT: usize = 4 * 1024 * 1024;

/// Reads the `meta` box of a HEIF file.
pub(super) fn scan(original: &Original<'_>, meta: Box, found: &mut Found<'_>) -> Result<(), Stop> {
    // Held whole, so that nothing below has to be fetched piece by piece.
    meta.bytes(original, META_LIMIT)?;
    let items = item::read(original, meta)?;
    let picture = properties(original, &items)?;
    found.size = picture.size;
    found.turn = Some(orientation(picture.rotation, picture.mirror));
    if let Some(item) = items.exif {
        let block = items.data(original, item, ITEM_LIMIT)?;
        // The offset of the TIFF header, counted from behind this number.
        if let Some((offset, rest)) = block.split_first_chunk() {
            let offset = u32::from_be_bytes(*offset) as usize;
            found.exif(rest.get(offset..).unwrap_or_default().to_vec());
        }
    }
    if let Some(item) = items.xmp {
        found.xmp = Some(items.data(original, item, ITEM_LIMIT)?.into());
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Picture {
    size: Option<(u32, u32)>,
    /// Quarter turns anticlockwise.
    rotation: u8,
    /// `imir`'s axis: 0 swaps top and bottom, 1 left and right.
    mirror: Option<u8>,
}

/// The properties of the primary item.
fn properties(original: &Original<'_>, items: &Items) -> Result<Picture, Stop> {
    let mut picture = Picture::default();
    let Some(container) = items.properties else {
        return Ok(picture);
    };
    let known: Vec<Box> =
        boxes::within(original, container.body, container.end).collect::<Result<_, _>>()?;
    for index in items.associated(original)? {
        let Some(property) = index.checked_sub(1).and_then(|at| known.get(at)) else {
            continue;
        };
        match &property.kind {
            b"ispe" => {
                let [_, _, _, _, w1, w2, w3, w4, height @ ..] =
                    original.array::<12>(property.body)?;
                let width = u32::from_be_bytes([w1, w2, w3, w4]);
                picture.size = Some((width, u32::from_be_bytes(height)));
            }
            b"irot" => picture.rotation = original.array::<1>(property.body)?[0] & 3,
            b"imir" => picture.mirror = Some(original.array::<1>(property.body)?[0] & 1),
            _ => {}
        }
    }
    Ok(picture)
}

/// The EXIF orientation that does what `irot`, then `imir` do.
fn orientation(rotation: u8, mirror: Option<u8>) -> u8 {
    // Left and right swapped is top and bottom swapped, turned half around.
    let (rotation, mirrored) = match mirror {
        Some(0) => ((rotation + 2) & 3, true),
        Some(_) => (rotation, true),
        None => (rotation, false),
    };
    match (rotation, mirrored) {
        (0, false) => 1,
        (1, false) => 8,
        (2, false) => 3,
        (_, false) => 6,
        (0, true) => 2,
        (1, true) => 7,
        (2, true) => 4,
        (_, true) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_and_mirrors_make_every_orientation() {
        let plain = [0, 1, 2, 3].map(|turns| orientation(turns, None));
        assert_eq!(plain, [1, 8, 3, 6]);
        let left_right = [0, 1, 2, 3].map(|turns| orientation(turns, Some(1)));
        assert_eq!(left_right, [2, 7, 4, 5]);
        let top_bottom = [0, 1, 2, 3].map(|turns| orientation(turns, Some(0)));
        assert_eq!(top_bottom, [4, 5, 2, 7]);
    }
}
