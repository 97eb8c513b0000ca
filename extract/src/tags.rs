//! The EXIF tags that are read, by number (CIPA DC-008).

use exif::Context;

pub(super) const PANASONIC_ISO: u16 = 0x17;
pub(super) const SUBFILE_TYPE: u16 = 0xfe;
pub(super) const IMAGE_WIDTH: u16 = 0x100;
pub(super) const IMAGE_LENGTH: u16 = 0x101;
pub(super) const MAKE: u16 = 0x10f;
pub(super) const MODEL: u16 = 0x110;
pub(super) const ORIENTATION: u16 = 0x112;
pub(super) const XMP: u16 = 0x2bc;
pub(super) const IPTC: u16 = 0x83bb;
const EXIF_IFD: u16 = 0x8769;
const GPS_IFD: u16 = 0x8825;

pub(super) const EXPOSURE_TIME: u16 = 0x829a;
pub(super) const F_NUMBER: u16 = 0x829d;
pub(super) const SENSITIVITY: u16 = 0x8827;
pub(super) const DATE_ORIGINAL: u16 = 0x9003;
pub(super) const DATE_DIGITIZED: u16 = 0x9004;
pub(super) const OFFSET: u16 = 0x9010;
pub(super) const OFFSET_ORIGINAL: u16 = 0x9011;
pub(super) const OFFSET_DIGITIZED: u16 = 0x9012;
pub(super) const FOCAL_LENGTH: u16 = 0x920a;
pub(super) const SUBSEC_ORIGINAL: u16 = 0x9291;
pub(super) const SUBSEC_DIGITIZED: u16 = 0x9292;
pub(super) const PIXEL_WIDTH: u16 = 0xa002;
pub(super) const PIXEL_HEIGHT: u16 = 0xa003;
pub(super) const LENS_MODEL: u16 = 0xa434;

pub(super) const LATITUDE_REF: u16 = 1;
pub(super) const LATITUDE: u16 = 2;
pub(super) const LONGITUDE_REF: u16 = 3;
pub(super) const LONGITUDE: u16 = 4;
pub(super) const ALTITUDE_REF: u16 = 5;
pub(super) const ALTITUDE: u16 = 6;
pub(super) const GPS_TIME: u16 = 7;
pub(super) const DIRECTION: u16 = 0x11;
pub(super) const GPS_DATE: u16 = 0x1d;

/// Whether a tag of an IFD is of interest. Some cameras keep the tags of the
/// Exif IFD in the first one.
pub(super) fn wanted(context: Context, tag: u16) -> bool {
    match context {
        Context::Gps => matches!(tag, LATITUDE_REF..=GPS_TIME | DIRECTION | GPS_DATE),
        _ => matches!(
            tag,
            PANASONIC_ISO
                | SUBFILE_TYPE
                | IMAGE_WIDTH
                | IMAGE_LENGTH
                | MAKE
                | MODEL
                | ORIENTATION
                | XMP
                | IPTC
                | EXIF_IFD
                | GPS_IFD
                | EXPOSURE_TIME
                | F_NUMBER
                | SENSITIVITY
                | DATE_ORIGINAL
                | DATE_DIGITIZED
                | OFFSET
                ..=OFFSET_DIGITIZED
                    | FOCAL_LENGTH
                    | SUBSEC_ORIGINAL
                    | SUBSEC_DIGITIZED
                    | PIXEL_WIDTH
                    | PIXEL_HEIGHT
                    | LENS_MODEL
        ),
    }
}

/// What the IFD describes that `tag` points to.
pub(super) fn child(context: Context, tag: u16) -> Option<Context> {
    match (context, tag) {
        (Context::Tiff, EXIF_IFD) => Some(Context::Exif),
        (Context::Tiff, GPS_IFD) => Some(Context::Gps),
        _ => None,
    }
}
