//! The whole album in one process: its weight beside its pixels' and beside the
//! workshop's way, how much it takes in, how soon a photo is ready, its memory.

mod latency;
mod load;
mod weight;

use anyhow::Context as _;
use tokio::runtime::Builder;

pub(crate) use self::load::Load;
use crate::album::{Person, Process, camera, distinct, small};
use crate::figure;

/// Photos of 12 megapixels in a run.
const CAMERA: u32 = 150;
/// Photos of 100 kB in a run.
const SMALL: u32 = 900;

pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let (camera, small) = (camera()?, small()?);
    runtime.block_on(latency::measure(&camera))?;
    let pixels = weight::pixels(&camera)?;
    figure::print("pipeline.camera.pixels_ms", pixels, "ms");
    let whole = runtime.block_on(measure("camera", &camera, CAMERA))?;
    figure::print(
        "pipeline.camera.pixels_percent",
        pixels / whole * 100.0,
        "%",
    );
    runtime.block_on(measure("small", &small, SMALL))?;
    weight::workshop(&camera, whole)
}

/// One kind of photo, `count` at once; processor time a photo, in milliseconds.
async fn measure(name: &str, photo: &[u8], count: u32) -> anyhow::Result<f64> {
    let album = Process::start(&[])?;
    let ann = Person::new(&album, "ann@example.com").await?;
    let numbered = |from: u32| {
        let photos = (from..from + count).map(|number| distinct(photo, number));
        photos.collect::<anyhow::Result<Vec<_>>>()
    };
    let load = Load::run(&album, &ann, numbered(0)?).await?;
    let figure = |what: &str, value: f64, unit: &str| {
        figure::print(&format!("pipeline.{name}.{what}"), value, unit);
    };
    let photos = f64::from(count);
    let milliseconds = load.cpu * 1e3 / photos;
    figure("photos_per_second", photos / load.seconds, "1/s");
    figure("cpu_per_photo", milliseconds, "ms");
    let mut looks = load::watched(&ann, numbered(count)?).await?;
    for percent in [50, 99] {
        let time = figure::percentile(&mut looks, percent).context("no call was made")?;
        figure(&format!("api_p{percent}"), time, "ms");
    }
    figure("peak", album.usage()?.peak, "MB");
    Ok(milliseconds)
}
