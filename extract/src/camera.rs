//! The camera, its exposure and the shape of the picture.

use cloudalbum_domain::Metadata;

use super::exif_block::ExifBlocks;
use super::found::Found;
use super::tags;

/// The fields that need no rule of their own.
pub(super) fn read(blocks: &ExifBlocks) -> Metadata {
    let orientation = blocks.tiff(tags::ORIENTATION).uint();
    Metadata {
        make: blocks.tiff(tags::MAKE).text(),
        model: blocks.tiff(tags::MODEL).text(),
        lens: blocks.exif(tags::LENS_MODEL).text(),
        exposure_time: blocks.exif(tags::EXPOSURE_TIME).number(),
        f_number: blocks.exif(tags::F_NUMBER).number(),
        iso: iso(blocks),
        focal_length: blocks.exif(tags::FOCAL_LENGTH).number(),
        orientation: orientation
            .and_then(|value| u8::try_from(value).ok())
            .filter(|value| (1..=8).contains(value)),
        ..Metadata::default()
    }
}

/// `PhotographicSensitivity`; Panasonic's raw files have a tag of their own.
fn iso(blocks: &ExifBlocks) -> Option<u32> {
    let own = || blocks.tiff(tags::PANASONIC_ISO).uint();
    blocks.exif(tags::SENSITIVITY).uint().or_else(own)
}

/// The size as shown. A container that turns the picture itself is not turned
/// by the EXIF orientation too, as every viewer of HEIF has it.
pub(super) fn shape(blocks: &ExifBlocks, found: &Found<'_>, metadata: &mut Metadata) {
    let by_container = found.turn.filter(|&turn| turn != 1);
    let turn = found.turn.or(metadata.orientation);
    metadata.orientation = metadata.orientation.or(by_container);
    let coded = found
        .size
        .or_else(|| size(blocks).filter(|_| found.size_in_tags));
    let Some((width, height)) = coded.filter(|&(width, height)| width > 0 && height > 0) else {
        return;
    };
    let turned = turn.is_some_and(|turn| turn >= 5);
    let (width, height) = if turned {
        (height, width)
    } else {
        (width, height)
    };
    metadata.width = Some(width);
    metadata.height = Some(height);
}

/// The size by the tags of a TIFF file. Raw files open with a reduced picture,
/// so that the size of the photo stands in the Exif IFD, if anywhere.
fn size(blocks: &ExifBlocks) -> Option<(u32, u32)> {
    let reduced = blocks
        .tiff(tags::SUBFILE_TYPE)
        .uint()
        .is_some_and(|kind| kind & 1 == 1);
    if reduced {
        let width = blocks.exif(tags::PIXEL_WIDTH).uint()?;
        return Some((width, blocks.exif(tags::PIXEL_HEIGHT).uint()?));
    }
    let width = blocks.tiff(tags::IMAGE_WIDTH).uint()?;
    Some((width, blocks.tiff(tags::IMAGE_LENGTH).uint()?))
}
