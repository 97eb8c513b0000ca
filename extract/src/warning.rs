//! What is wrong with the metadata of a file.

/// Something that could not be read, or was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The format is not one that is known.
    #[error("the file is of no known format")]
    Unknown,
    /// The container is cut or damaged; what came before was read.
    #[error("the file is cut or damaged")]
    Container,
    /// An EXIF block makes no sense.
    #[error("an EXIF block is damaged")]
    Exif,
    /// The position is not on Earth, or is the (0, 0) of a receiver without a fix.
    #[error("the GPS position is not valid")]
    Position,
    /// The hemisphere is missing; north and east were taken for granted.
    #[error("the GPS hemisphere is missing")]
    Hemisphere,
    /// The date is no date, such as `0000:00:00`.
    #[error("the taken date is not valid")]
    Date,
    /// The XMP packet is not XML.
    #[error("the XMP packet is damaged")]
    Xmp,
}
