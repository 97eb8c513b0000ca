//! Photos that real cameras made, when they are at hand.

use cloudalbum_domain::Recipe;
use std::path::Path;

use super::super::{Budget, RenderError, Rendered, render};
use super::rendered;

const PHOTOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/photos");

fn files() -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = walkdir::WalkDir::new(PHOTOS)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

#[test]
fn every_photo_ends_in_renditions_or_a_code() {
    let files = files();
    // Decoding is what takes the time, and each photo keeps to one core.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let own = files.iter().skip(thread).step_by(threads);
            scope.spawn(move || own.for_each(|path| ends(path)));
        }
    });
}

fn ends(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let name = path.strip_prefix(PHOTOS).unwrap().display().to_string();
    let result = render(&bytes, &Recipe::default(), &Budget::default());
    println!("{name} | {}", outcome(&result));
    if let Ok(made) = result {
        assert_eq!(made.renditions.len(), 4, "{name}");
        for rendition in made.renditions {
            image::load_from_memory(&rendition.bytes).unwrap();
        }
    }
}

/// What a HEIF file lacks is never shown as if it were there.
#[test]
#[cfg(feature = "heif")]
fn cut_heif_files_are_shown_whole_or_not_at_all() {
    use super::super::sniff;
    use cloudalbum_domain::MediaType;

    for path in files() {
        let bytes = std::fs::read(&path).unwrap();
        // The large ones take long and show nothing more.
        let heif = matches!(sniff(&bytes), Some(MediaType::Heic | MediaType::Heif));
        if !heif || bytes.len() > 1_000_000 {
            continue;
        }
        let decode = |bytes: &[u8]| render(bytes, &Recipe::default(), &Budget::default());
        let Ok(whole) = decode(&bytes) else { continue };
        for length in (0..bytes.len()).step_by(bytes.len() / 12 + 1) {
            if let Ok(made) = decode(&bytes[..length]) {
                assert_eq!(
                    made.thumbhash,
                    whole.thumbhash,
                    "{length} of {}",
                    path.display()
                );
            }
        }
    }
}

fn outcome(result: &Result<Rendered, RenderError>) -> String {
    match result {
        Ok(made) => format!("{}x{} {:?}", made.width, made.height, made.warnings),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

/// The sixteen files show the same scene, stored in all eight ways.
#[test]
fn the_orientation_examples_look_alike() {
    for shape in ["Landscape", "Portrait"] {
        let read = |number: u8| {
            let path = Path::new(PHOTOS).join(format!("orientation/{shape}_{number}.jpg"));
            std::fs::read(path).ok()
        };
        let Some(upright) = read(1) else { return };
        let grid = |bytes: &[u8]| {
            let made = rendered(bytes);
            image::load_from_memory(&made.renditions[0].bytes)
                .unwrap()
                .into_rgb8()
        };
        let upright = grid(&upright);
        for number in 2..=8 {
            let other = grid(&read(number).unwrap());
            assert_eq!(upright.dimensions(), other.dimensions());
            let difference: u64 = upright
                .as_raw()
                .iter()
                .zip(other.as_raw())
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            let mean = difference / upright.as_raw().len() as u64;
            assert!(mean < 12, "{shape} {number}: {mean}");
        }
    }
}

/// Phones' own files, grids of tiles turned by the container among them.
#[cfg(feature = "heif")]
#[test]
fn shows_heic_upright_and_in_srgb() {
    for path in files() {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        if extension != "heic" && extension != "heif" {
            continue;
        }
        let name = path.display().to_string();
        match render(
            &std::fs::read(&path).unwrap(),
            &Recipe::default(),
            &Budget::default(),
        ) {
            Ok(made) => {
                let grid = image::load_from_memory(&made.renditions[0].bytes).unwrap();
                assert_eq!(
                    grid.width() > grid.height(),
                    made.width > made.height,
                    "{name}"
                );
            }
            Err(error) => assert_eq!(
                error.code(),
                cloudalbum_domain::FailureCode::CorruptImage,
                "{name}"
            ),
        }
    }
}
