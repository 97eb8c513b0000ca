//! What tracing costs: the processor time of an album with spans and without,
//! in turns.

use anyhow::Context as _;

use crate::album::{Person, Process, camera, distinct};
use crate::figure::{self, percentile};
use crate::pipeline::Load;

const ROUNDS: u32 = 4;
const PHOTOS: u32 = 24;

/// Prints how much more processor time a photo of 12 megapixels takes with a
/// span for all it goes through, its trace kept in the same process.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let photo = camera()?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for (export, times) in [("otlp", &mut with), ("none", &mut without)] {
            let album = Process::start(&[("TRACE_EXPORT", export)])?;
            let ann = Person::new(&album, "ann@example.com").await?;
            let numbers = round * PHOTOS..(round + 1) * PHOTOS;
            let photos = numbers.map(|number| distinct(&photo, number));
            let load = Load::run(&album, &ann, photos.collect::<anyhow::Result<_>>()?).await?;
            times.push(load.cpu * 1e3 / f64::from(PHOTOS));
        }
    }
    let with = percentile(&mut with, 50).context("no round")?;
    let without = percentile(&mut without, 50).context("no round")?;
    figure::print("tracing.cpu_per_photo_with", with, "ms");
    figure::print("tracing.cpu_per_photo_without", without, "ms");
    figure::print(
        "tracing.cpu_overhead_percent",
        (with / without - 1.0) * 100.0,
        "%",
    );
    Ok(())
}
