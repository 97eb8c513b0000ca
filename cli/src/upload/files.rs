//! Which files become photos: folders walked, others named with the reason.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io::Read;
use std::path::{Path, PathBuf};

use cloudalbum_domain::{MediaType, Sha256};
use jiff::Timestamp;
use sha2::Digest as _;
use walkdir::WalkDir;

/// A file that is to become a photo.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub path: PathBuf,
    pub filename: String,
    pub media_type: MediaType,
    pub size: u64,
    pub modified_at: Option<Timestamp>,
}

/// Everything found under the paths that were given.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub photos: Vec<Candidate>,
    /// Files that are not photos.
    pub skipped: Vec<PathBuf>,
    /// What could not be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Walks the paths in the order of their names; a file named twice counts once.
pub(crate) fn select(paths: &[PathBuf]) -> Selection {
    let mut selection = Selection::default();
    let mut seen = BTreeSet::new();
    for root in paths {
        for found in WalkDir::new(root).sort_by_file_name() {
            let entry = match found {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let reason = error
                        .io_error()
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    selection.unreadable.push((path, reason));
                    continue;
                }
            };
            if entry.file_type().is_dir() {
                continue;
            }
            let path = entry.path().to_owned();
            let canonical = path.canonicalize().unwrap_or_else(|_| path.clone());
            if seen.insert(canonical) {
                match candidate(&path) {
                    Ok(Some(candidate)) => selection.photos.push(candidate),
                    Ok(None) => selection.skipped.push(path),
                    Err(error) => selection.unreadable.push((path, error.to_string())),
                }
            }
        }
    }
    selection
}

fn candidate(path: &Path) -> std::io::Result<Option<Candidate>> {
    let Some(filename) = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
    else {
        return Ok(None);
    };
    let Some(media_type) = MediaType::from_filename(&filename) else {
        return Ok(None);
    };
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    Ok(Some(Candidate {
        path: path.to_owned(),
        filename,
        media_type,
        size: metadata.len(),
        modified_at: modified(&metadata),
    }))
}

fn modified(metadata: &Metadata) -> Option<Timestamp> {
    Timestamp::try_from(metadata.modified().ok()?).ok()
}

/// Hashes `length` bytes from `start` on, without holding them.
///
/// # Errors
///
/// When the file cannot be read or is shorter than when it was found.
pub(crate) fn hash(path: &Path, start: u64, length: u64) -> std::io::Result<Sha256> {
    use std::io::{Seek, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut rest = file.take(length);
    let mut hash = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut done = 0;
    loop {
        let read = rest.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        hash.update(bytes);
        done += read as u64;
    }
    if done != length {
        let kind = std::io::ErrorKind::UnexpectedEof;
        return Err(std::io::Error::new(kind, "the file became shorter"));
    }
    Ok(Sha256::new(hash.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_and_every_file_is_accounted_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, name).unwrap();
            path
        };
        let (a, b) = (file("a.JPG"), file("2024/Été b.heic"));
        let text = file("2024/notes.txt");
        let missing = folder.path().join("gone.jpg");
        let given = [folder.path().to_owned(), a.clone(), missing.clone()];
        let found = select(&given);
        let paths: Vec<_> = found
            .photos
            .iter()
            .map(|photo| photo.path.clone())
            .collect();
        assert_eq!(paths, [b, a]);
        assert_eq!(found.photos[0].media_type, MediaType::Heic);
        assert_eq!(found.skipped, [text]);
        assert_eq!(found.unreadable[0].0, missing);
    }

    #[test]
    fn a_range_is_hashed_and_a_short_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        std::fs::write(&path, b"0123456789").unwrap();
        assert_eq!(hash(&path, 2, 3).unwrap(), Sha256::of(b"234"));
        assert!(hash(&path, 8, 3).is_err());
    }
}
