//! What the owner edited, as an XMP sidecar that photo programs read.
//!
//! The names are those of the XMP specification, part 2: `dc:subject`,
//! `dc:description`, `exif:GPSLatitude`, `exif:GPSLongitude`, `exif:DateTimeOriginal`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use cloudalbum_domain::EditedField;
use cloudalbum_domain::wire::PhotoView;

/// Tells our sidecars from those of other programs.
const TOOLKIT: &str = "x:xmptk=\"CloudAlbum\"";

/// Writes the sidecar of a downloaded photo beside it, if anything was edited.
///
/// # Errors
///
/// When a sidecar of another program is there: it is not replaced.
pub(crate) fn write(photo: &PhotoView, beside: &Path) -> anyhow::Result<()> {
    let Some(text) = sidecar(photo) else {
        return Ok(());
    };
    let mut name = beside.as_os_str().to_owned();
    name.push(".xmp");
    let path = PathBuf::from(name);
    if let Ok(found) = std::fs::read_to_string(&path) {
        ensure!(
            found.contains(TOOLKIT),
            "another program wrote {}: move it out of the way",
            path.display()
        );
    }
    let folder = beside.parent().unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::write(file.path(), text)?;
    file.persist(&path)?;
    Ok(())
}

/// The text of the sidecar, or `None` when nothing was edited.
fn sidecar(photo: &PhotoView) -> Option<String> {
    if photo.edited.is_empty() {
        return None;
    }
    let (mut attributes, mut elements) = (String::new(), String::new());
    for field in &photo.edited {
        match field {
            EditedField::Tags => {
                let items = photo.tags.iter().fold(String::new(), |mut items, tag| {
                    write!(items, "<rdf:li>{}</rdf:li>", escaped(tag)).ok();
                    items
                });
                write!(
                    elements,
                    "<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>"
                )
                .ok();
            }
            EditedField::Description => {
                let text = escaped(&photo.description);
                write!(
                    elements,
                    "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{text}</rdf:li></rdf:Alt></dc:description>"
                )
                .ok();
            }
            EditedField::Location => {
                if let Some(at) = photo.location {
                    let latitude = coordinate(at.latitude, ['N', 'S']);
                    let longitude = coordinate(at.longitude, ['E', 'W']);
                    write!(
                        attributes,
                        " exif:GPSLatitude=\"{latitude}\" exif:GPSLongitude=\"{longitude}\""
                    )
                    .ok();
                }
            }
            EditedField::Date => {
                if let Some(taken) = &photo.taken_at {
                    write!(attributes, " exif:DateTimeOriginal=\"{}\"", escaped(taken)).ok();
                }
            }
        }
    }
    Some(format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" {TOOLKIT}>\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:exif=\"http://ns.adobe.com/exif/1.0/\"{attributes}>{elements}</rdf:Description>\n\
         </rdf:RDF>\n</x:xmpmeta>\n"
    ))
}

/// Degrees as `48,51.507000N`.
fn coordinate(degrees: f64, [positive, negative]: [char; 2]) -> String {
    let letter = if degrees < 0.0 { negative } else { positive };
    let (whole, rest) = (degrees.abs().trunc(), degrees.abs().fract());
    format!("{whole},{:.6}{letter}", rest * 60.0)
}

/// Text that XML takes; characters that XML has no way to say are left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudalbum_domain::wire::Position;
    use serde_json::json;

    fn photo(edited: Vec<EditedField>) -> PhotoView {
        let view = json!({
            "id": "a", "status": "ready", "version": 1, "changed_at": "2026-01-01T00:00:00Z",
            "filename": "a.jpg", "content_type": "image/jpeg", "size": 1, "sha256": "",
            "tags": ["Été & <sea>"], "description": "the \"beach\"\u{1}",
            "uploaded_at": "2026-01-01T00:00:00Z", "taken_at": "2025-07-01T12:00:00",
            "renditions": [], "failures": [], "edited": [], "trace_id": "",
        });
        let view: PhotoView = serde_json::from_value(view).unwrap();
        PhotoView {
            edited,
            location: Some(Position {
                latitude: -33.856_784,
                longitude: 151.215_297,
            }),
            ..view
        }
    }

    #[test]
    fn only_edits_are_told_and_hostile_text_stays_text() {
        assert_eq!(sidecar(&photo(Vec::new())), None);
        let tags = sidecar(&photo(vec![EditedField::Tags])).unwrap();
        assert!(
            tags.contains("<rdf:li>Été &amp; &lt;sea&gt;</rdf:li>"),
            "{tags}"
        );
        assert!(!tags.contains("GPSLatitude") && !tags.contains("beach"));
        let all = [
            EditedField::Description,
            EditedField::Location,
            EditedField::Date,
        ];
        let all = sidecar(&photo(all.to_vec())).unwrap();
        for part in [
            "the &quot;beach&quot;</rdf:li>",
            "exif:GPSLatitude=\"33,51.407040S\"",
            "exif:GPSLongitude=\"151,12.917820E\"",
            "exif:DateTimeOriginal=\"2025-07-01T12:00:00\"",
        ] {
            assert!(all.contains(part), "{part} is missing: {all}");
        }
    }

    #[test]
    fn a_sidecar_is_renewed_and_that_of_another_program_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("a.jpg"), folder.path().join("b.jpg"));
        let edited = photo(vec![EditedField::Tags]);
        write(&edited, &ours).unwrap();
        write(&edited, &ours).unwrap();
        std::fs::write(folder.path().join("b.jpg.xmp"), "darktable").unwrap();
        assert!(write(&edited, &theirs).is_err());
        let kept = std::fs::read_to_string(folder.path().join("b.jpg.xmp")).unwrap();
        assert_eq!(kept, "darktable");
    }
}
