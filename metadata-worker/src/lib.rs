//! Reads the metadata of an original and names its place.

pub mod extract;
pub mod zone;
