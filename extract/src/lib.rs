//! What the bytes of an original say about the photo. Never fails: what cannot
//! be read is missing, with a warning.

mod boxes;
mod camera;
mod container;
#[cfg(test)]
mod corpus;
mod endian;
mod exif_block;
mod extended;
mod found;
mod gps;
mod heif;
mod iptc;
mod item;
mod jpeg;
mod original;
mod png;
mod raw;
#[cfg(test)]
mod sample;
mod tags;
mod taken;
mod text;
mod tiff;
#[cfg(test)]
mod traps;
mod warning;
mod webp;
mod words;
mod xmp;

use std::ops::Range;

use cloudalbum_domain::Metadata;

use exif_block::ExifBlocks;
use found::Found;
use original::Stop;

pub use original::{HEAD, Original};
pub use warning::Warning;

/// How far [`extract`] came.
#[derive(Clone, Debug, PartialEq)]
pub enum Extraction {
    /// All there is to know.
    Done(Box<Metadata>, Vec<Warning>),
    /// These bytes have to be added first.
    Need(Range<u64>),
}

/// Reads the metadata of `original`, as far as it is held.
///
/// The caller fetches what is needed and calls again, at most ten times:
/// [`Original`] stops asking then.
pub fn extract(original: &Original<'_>) -> Extraction {
    match read(original) {
        Ok((metadata, warnings)) => Extraction::Done(Box::new(metadata), warnings),
        Err(range) => Extraction::Need(range),
    }
}

fn read(original: &Original<'_>) -> Result<(Metadata, Vec<Warning>), Range<u64>> {
    let mut found = Found::default();
    let mut warnings = Vec::new();
    let format = container::scan(original, &mut found);
    if let Some(warning) = settle(format)? {
        warnings.push(warning);
    }
    let (blocks, intact) = if found.is_tiff {
        match ExifBlocks::of_file(original) {
            Ok(blocks) => (blocks, true),
            Err(Stop::Need(range)) => return Err(range),
            Err(Stop::Malformed) => (ExifBlocks::default(), false),
        }
    } else {
        ExifBlocks::parse(&found)
    };
    if !intact {
        warnings.push(Warning::Exif);
    }
    let mut metadata = camera::read(&blocks);
    gps::read(&blocks, &mut metadata, &mut warnings);
    taken::read(&blocks, &mut metadata, &mut warnings);
    words::read(&blocks, &found, &mut metadata, &mut warnings);
    camera::shape(&blocks, &found, &mut metadata);
    Ok((metadata, warnings))
}

/// Turns damage into a warning and passes on what has to be fetched.
fn settle(outcome: Result<bool, Stop>) -> Result<Option<Warning>, Range<u64>> {
    match outcome {
        Ok(true) => Ok(None),
        Ok(false) => Ok(Some(Warning::Unknown)),
        Err(Stop::Malformed) => Ok(Some(Warning::Container)),
        Err(Stop::Need(range)) => Err(range),
    }
}
