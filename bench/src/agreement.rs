//! Agreement with exiftool 13.59 over real photos, field by field.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cloudalbum_domain::Metadata;
use cloudalbum_extract::{Extraction, Original, extract};
use serde_json::Value;

use crate::metadata::PHOTOS;

/// What exiftool calls the types that are accepted.
const ACCEPTED: [&str; 9] = [
    "JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIC", "HEIF", "AVIF",
];

/// How many fields were compared, and where the values differ.
pub(crate) struct Agreement {
    /// Of every file.
    pub(crate) all: Fields,
    /// Of files that are intact photos: of an accepted type, and of which
    /// exiftool gives no error and no warning but minor ones. None without
    /// exiftool.
    pub(crate) intact: Option<Fields>,
    /// File, field and both values.
    misses: Vec<(String, &'static str, String)>,
}

/// A count of compared fields.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fields {
    compared: u32,
    same: u32,
}

impl Fields {
    fn count(&mut self, same: bool) {
        self.compared += 1;
        self.same += u32::from(same);
    }

    pub(crate) fn percent(self) -> f64 {
        100.0 * f64::from(self.same) / f64::from(self.compared.max(1))
    }
}

/// Reads every photo that exiftool has read; none without the photos.
///
/// A field counts when either side has it.
pub(crate) fn measure() -> anyhow::Result<Option<Agreement>> {
    let Ok(expected) = std::fs::read(format!("{PHOTOS}/exiftool-expected.json")) else {
        return Ok(None);
    };
    let expected: Vec<Value> = serde_json::from_slice(&expected)?;
    let damaged = damaged()?;
    let mut agreement = Agreement {
        all: Fields::default(),
        intact: damaged.as_ref().map(|_| Fields::default()),
        misses: Vec::new(),
    };
    for entry in &expected {
        let text = |name| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let file = text("file");
        let Ok(bytes) = std::fs::read(Path::new(PHOTOS).join(file)) else {
            continue;
        };
        let whole = damaged
            .as_ref()
            .is_some_and(|damaged| !damaged.contains(file) && ACCEPTED.contains(&text("FileType")));
        let Extraction::Done(metadata, _) = extract(&Original::whole(&bytes)) else {
            anyhow::bail!("{file} is held whole and needs more");
        };
        for (field, theirs, ours) in compare(entry, &metadata) {
            // exiftool has no size of TIFF files outside of their own tags.
            if theirs.is_none() && (ours.is_none() || field == "size") {
                continue;
            }
            let same = agree(theirs.as_ref(), ours.as_ref());
            agreement.all.count(same);
            if let Some(intact) = agreement.intact.as_mut().filter(|_| whole) {
                intact.count(same);
            }
            if !same {
                let values = format!("exiftool {theirs:?}, ours {ours:?}");
                agreement.misses.push((file.to_owned(), field, values));
            }
        }
    }
    Ok(Some(agreement))
}

/// The files that exiftool finds fault with; none where it is not installed.
fn damaged() -> anyhow::Result<Option<BTreeSet<String>>> {
    let started = Command::new("exiftool")
        .args(["-q", "-json", "-Error", "-Warning", "-r", PHOTOS])
        .output();
    let Ok(output) = started else {
        return Ok(None);
    };
    let entries: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let faulty = |entry: &&Value| {
        let fault = |name| entry.get(name).and_then(Value::as_str);
        let warning = fault("Warning").filter(|warning| !warning.starts_with("[minor]"));
        fault("Error").or(warning).is_some()
    };
    let name = |entry: &Value| {
        let path = entry.get("SourceFile")?.as_str()?;
        let file = Path::new(path).strip_prefix(PHOTOS).ok()?;
        Some(file.display().to_string())
    };
    Ok(Some(
        entries.iter().filter(faulty).filter_map(name).collect(),
    ))
}

/// One field: its name, exiftool's value and ours.
type Row = (&'static str, Option<Value>, Option<Value>);

fn compare(entry: &Value, metadata: &Metadata) -> Vec<Row> {
    let get = |name: &str| entry.get(name).filter(|value| !value.is_null()).cloned();
    let text = |name: &str| {
        let text = get(name)?;
        let text = text
            .as_str()
            .map_or_else(|| text.to_string(), str::to_owned);
        Some(text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .map(Value::from)
    };
    let signed = |name: &str, reference: &str, negative: [&str; 2]| {
        let value = get(name)?.as_f64()?;
        let reference = text(reference).unwrap_or_default();
        let reference = reference.as_str().unwrap_or_default().to_owned();
        Some(Value::from(if negative.contains(&&*reference) {
            -value.abs()
        } else {
            value
        }))
    };
    let taken = metadata.taken;
    // exiftool's size is as coded, ours as shown.
    let sides = |width: Option<u64>, height: Option<u64>| {
        let (width, height) = (width?, height?);
        Some(Value::from(format!(
            "{}x{}",
            width.max(height),
            width.min(height)
        )))
    };
    let side = |name: &str| get(name)?.as_u64();
    let ours = |side: Option<u32>| side.map(u64::from);
    vec![
        ("make", text("Make"), metadata.make.clone().map(Value::from)),
        (
            "model",
            text("Model"),
            metadata.model.clone().map(Value::from),
        ),
        (
            "lens",
            text("LensModel"),
            metadata.lens.clone().map(Value::from),
        ),
        (
            "exposure",
            get("ExposureTime"),
            metadata.exposure_time.map(Value::from),
        ),
        (
            "aperture",
            get("FNumber"),
            metadata.f_number.map(Value::from),
        ),
        ("iso", get("ISO"), metadata.iso.map(Value::from)),
        (
            "focal",
            get("FocalLength"),
            metadata.focal_length.map(Value::from),
        ),
        (
            "orientation",
            get("Orientation"),
            metadata.orientation.map(Value::from),
        ),
        (
            "size",
            sides(side("ImageWidth"), side("ImageHeight")),
            sides(ours(metadata.width), ours(metadata.height)),
        ),
        (
            "taken",
            text("DateTimeOriginal"),
            taken.map(|taken| taken.local.strftime("%Y:%m:%d %H:%M:%S").to_string().into()),
        ),
        (
            "latitude",
            signed("GPSLatitude", "GPSLatitudeRef", ["S", "South"]),
            metadata.location.map(|point| point.latitude().into()),
        ),
        (
            "longitude",
            signed("GPSLongitude", "GPSLongitudeRef", ["W", "West"]),
            metadata.location.map(|point| point.longitude().into()),
        ),
        (
            "altitude",
            signed("GPSAltitude", "GPSAltitudeRef", ["1", "3"]),
            metadata.altitude.map(Value::from),
        ),
    ]
}

fn agree(theirs: Option<&Value>, ours: Option<&Value>) -> bool {
    let (Some(theirs), Some(ours)) = (theirs, ours) else {
        return false;
    };
    let number = |value: &Value| {
        let text = || value.as_str()?.trim().parse().ok();
        value.as_f64().or_else(text)
    };
    match (number(theirs), number(ours)) {
        (Some(theirs), Some(ours)) => (theirs - ours).abs() <= 1e-6 * theirs.abs().max(1.0),
        _ => theirs == ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where we differ, and why. Any other difference fails.
    const NAMED: [(&str, &str, &str); 15] = [
        (
            "exif-samples/jpg/Nikon_D70.jpg",
            "size",
            "exiftool repeats a tag, the frame is smaller",
        ),
        (
            "exif-samples/jpg/Pentax_K10D.jpg",
            "size",
            "exiftool repeats a tag, the frame is smaller",
        ),
        (
            "exiftool-t/ExifTool.jpg",
            "size",
            "exiftool repeats a tag, the frame is smaller",
        ),
        (
            "exif-samples/jpg/tests/30-type_error.jpg",
            "taken",
            "the date it was digitized",
        ),
        ("exiftool-t/CanonRaw.cr2", "size", "raw: not the preview's"),
        (
            "exiftool-t/DNG.dng",
            "size",
            "raw: the size stands in no tag that is read",
        ),
        (
            "exiftool-t/Nikon.nef",
            "size",
            "raw: the size stands in no tag that is read",
        ),
        (
            "exiftool-t/FujiFilm.raf",
            "size",
            "raw: exiftool's is the preview's",
        ),
        (
            "exiftool-t/Panasonic.rw2",
            "size",
            "raw: exiftool's is the preview's",
        ),
        ("exiftool-t/JXL.jxl", "size", "no JPEG XL decoder"),
        ("exiftool-t/JXL2.jxl", "size", "no JPEG XL decoder"),
        ("exiftool-t/Photoshop.psd", "size", "not a photo"),
        ("exiftool-t/Photoshop.psd", "orientation", "not a photo"),
        (
            "orientation/Landscape_0.jpg",
            "orientation",
            "0 is no orientation",
        ),
        (
            "orientation/Portrait_0.jpg",
            "orientation",
            "0 is no orientation",
        ),
    ];

    #[test]
    fn says_what_exiftool_says() {
        let Some(agreement) = measure().unwrap() else {
            return;
        };
        let named = |(file, field, _): &&(String, &str, String)| {
            NAMED.iter().any(|name| name.0 == file && name.1 == *field)
        };
        let misses: Vec<_> = agreement
            .misses
            .iter()
            .filter(|miss| !named(miss))
            .collect();
        assert!(misses.is_empty(), "{misses:#?}");
        assert!(agreement.all.percent() > 98.5);
        if let Some(intact) = agreement.intact {
            assert!(intact.percent() >= 99.5, "{:.2}%", intact.percent());
        }
    }
}
