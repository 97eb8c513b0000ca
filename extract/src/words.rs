//! Title, description, keywords and rating: XMP's, else what it continues in,
//! else IPTC's.

use cloudalbum_domain::Metadata;

use super::exif_block::ExifBlocks;
use super::found::Found;
use super::iptc::{self, Iptc};
use super::tags;
use super::warning::Warning;
use super::xmp::{self, Xmp};

/// Keywords that are kept of one photo.
const KEYWORDS: usize = 100;

/// Reads what a container held, or a TIFF file in tags of its own.
pub(super) fn read(
    blocks: &ExifBlocks,
    found: &Found<'_>,
    metadata: &mut Metadata,
    warnings: &mut Vec<Warning>,
) {
    let packet = found
        .xmp
        .as_deref()
        .or_else(|| blocks.tiff(tags::XMP).bytes());
    let xmp = match packet.map(xmp::read) {
        Some(Some(xmp)) => xmp,
        Some(None) => {
            warnings.push(Warning::Xmp);
            Xmp::default()
        }
        None => Xmp::default(),
    };
    let extended = packet
        .and_then(|packet| xmp::read(&found.extended.of(packet)?))
        .unwrap_or_default();
    let records = found
        .iptc
        .as_deref()
        .or_else(|| blocks.tiff(tags::IPTC).bytes());
    let iptc = records.map_or_else(Iptc::default, iptc::read);

    metadata.title = xmp.title.or(extended.title).or(iptc.title);
    metadata.description = xmp
        .description
        .or(extended.description)
        .or(iptc.description);
    metadata.rating = xmp.rating.or(extended.rating);
    // Editors write both, so that one list repeats the other.
    for keyword in xmp
        .keywords
        .into_iter()
        .chain(extended.keywords)
        .chain(iptc.keywords)
    {
        if metadata.keywords.len() < KEYWORDS && !metadata.keywords.contains(&keyword) {
            metadata.keywords.push(keyword);
        }
    }
}
