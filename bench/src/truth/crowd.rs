//! Twenty thousand photos of one owner: whether all are final, how fast, and
//! whether memory stays flat.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

use crate::album::{Person, Process, distinct};
use crate::figure;
use crate::pipeline::Load;

const PHOTOS: u32 = 20_000;
/// Memory is read after each of so many rounds.
const ROUNDS: u32 = 5;

/// Prints photos a second and memory, round by round.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let album = Process::start(&[])?;
    let photo = tiny()?;
    let (mut seconds, mut cpu) = (0.0, 0.0);
    let each = PHOTOS / ROUNDS;
    for round in 0..ROUNDS {
        // An account's quota admits fewer than all of them in one run.
        let owner = Person::new(&album, &format!("owner{round}@example.com")).await?;
        let photos = (0..each).map(|number| distinct(&photo, round * each + number));
        let photos = photos.collect::<anyhow::Result<Vec<_>>>()?;
        let load = Load::run(&album, &owner, photos).await?;
        seconds += load.seconds;
        cpu += load.cpu;
        let resident = album.usage()?.resident;
        let name = format!("crowd.resident_after_{}", (round + 1) * each);
        figure::print(&name, resident, "MB");
    }
    let photos = f64::from(PHOTOS);
    figure::print("crowd.photos", photos, "photos");
    figure::print("crowd.photos_per_second", photos / seconds, "1/s");
    figure::print("crowd.cpu_per_photo", cpu * 1e3 / photos, "ms");
    figure::print("crowd.peak", album.usage()?.peak, "MB");
    Ok(())
}

/// A photo of 320 by 240, about 5 kB.
fn tiny() -> anyhow::Result<Vec<u8>> {
    let level = |value: u32| u8::try_from(value % 256).unwrap_or_default();
    let picture = RgbImage::from_fn(320, 240, |x, y| Rgb([level(x), level(y), level(x + y)]));
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture)?;
    Ok(bytes.into_inner())
}
