//! Photos to try the album with: drawn landscapes with the camera data and the
//! positions of a few journeys, and on request some files that must fail.

mod scene;
mod tags;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser;
use image::codecs::jpeg::JpegEncoder;

use self::tags::Journey;

/// Journeys by place: a name, latitude and longitude in degrees.
const PLACES: [(&str, f64, f64); 12] = [
    ("Lisbon", 38.7139, -9.1394),
    ("Porto", 41.1496, -8.6110),
    ("Zermatt", 46.0207, 7.7491),
    ("Hallstatt", 47.5622, 13.6493),
    ("Reykjavik", 64.1355, -21.8954),
    ("Kyoto", 35.0211, 135.7538),
    ("Queenstown", -45.0302, 168.6627),
    ("Cape Town", -33.9258, 18.4232),
    ("Banff", 51.1762, -115.5698),
    ("Ushuaia", -54.8000, -68.3000),
    ("Marrakesh", 31.6315, -8.0083),
    ("Hanoi", 21.0245, 105.8412),
];

/// Draws photos to try CloudAlbum with, a subfolder a place.
#[derive(Parser)]
struct Args {
    /// Where to write them.
    folder: PathBuf,
    /// How many photos.
    #[arg(long, default_value_t = 36)]
    count: usize,
    /// Adds one file of each way to fail.
    #[arg(long)]
    faults: bool,
}

fn main() -> anyhow::Result<()> {
    let Args {
        folder,
        count,
        faults,
    } = Args::parse();
    for (number, (place, latitude, longitude)) in (0..count).zip(PLACES.iter().cycle()) {
        let seed = u64::try_from(number)?;
        // Every third photo stands upright, told by its orientation alone.
        let upright = number % 3 == 2;
        let picture = scene::draw(seed, 1200, 900);
        let picture = if upright {
            image::imageops::rotate270(&scene::draw(seed, 900, 1200))
        } else {
            picture
        };
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 88).encode_image(&picture)?;
        let journey = Journey {
            number,
            latitude: *latitude,
            longitude: *longitude,
            upright,
        };
        let jpeg = tags::with_exif(&jpeg, &journey)?;
        write(&folder.join(place), &format!("IMG_{number:04}.jpg"), &jpeg)?;
    }
    if faults {
        write_faults(&folder.join("faults"))?;
    }
    Ok(())
}

fn write_faults(folder: &Path) -> anyhow::Result<()> {
    let mut whole = Vec::new();
    let picture = scene::draw(1_000_000, 1200, 900);
    JpegEncoder::new_with_quality(&mut whole, 88).encode_image(&picture)?;
    let cut = whole.get(..700).context("a photo is longer")?;
    write(folder, "cut short.jpg", cut)?;
    write(
        folder,
        "not a picture.jpg",
        b"Dear diary, today I renamed a text file.",
    )?;
    write(
        folder,
        "an archive.png",
        b"PK\x03\x04 and nothing of a picture",
    )?;
    let mut gif = Vec::new();
    let small = image::DynamicImage::from(scene::draw(7, 320, 240));
    small.write_to(&mut std::io::Cursor::new(&mut gif), image::ImageFormat::Gif)?;
    write(folder, "a gif.jpg", &gif)?;
    // A header that promises 60,000 by 60,000 pixels.
    let mut bomb = whole;
    let frame = bomb.windows(2).position(|marker| marker == [0xff, 0xc0]);
    let frame = frame.context("a baseline JPEG has a frame header")?;
    let size = bomb
        .get_mut(frame + 5..frame + 9)
        .context("the frame header is whole")?;
    size.copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    write(folder, "a bomb.jpg", &bomb)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(name);
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
