//! What a container holds, before any of it is understood.

use std::borrow::Cow;

use exif::Context;

use super::extended::Extended;

/// The blocks of metadata of one file, as its container's reader found them.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// The file is a TIFF structure itself.
    pub(super) is_tiff: bool,
    /// The size of the picture stands in its tags.
    pub(super) size_in_tags: bool,
    /// TIFF structures, each with what its first IFD describes.
    pub(super) tiffs: Vec<(Context, Cow<'a, [u8]>)>,
    /// An XMP packet.
    pub(super) xmp: Option<Cow<'a, [u8]>>,
    /// What the XMP packet continues in, in a JPEG.
    pub(super) extended: Extended,
    /// IPTC-IIM records.
    pub(super) iptc: Option<Cow<'a, [u8]>>,
    /// Width and height in pixels as coded.
    pub(super) size: Option<(u32, u32)>,
    /// How the container turns the coded picture, as an EXIF orientation.
    pub(super) turn: Option<u8>,
}

impl<'a> Found<'a> {
    /// Keeps the first EXIF block, as readers agree to do.
    pub(super) fn exif(&mut self, tiff: impl Into<Cow<'a, [u8]>>) {
        if self.tiffs.is_empty() {
            self.tiffs.push((Context::Tiff, tiff.into()));
        }
    }
}

/// JPEG's `Exif\0\0`, which some writers copy into PNG, WebP and HEIF.
pub(super) fn without_prefix(block: &[u8]) -> &[u8] {
    match block.strip_prefix(b"Exif\0") {
        Some(rest) => rest.get(1..).unwrap_or_default(),
        None => block,
    }
}
