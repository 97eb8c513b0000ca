//! An hour of a steady trickle of photos, and whether memory stays flat.

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, interval};

use crate::album::{Person, Process, distinct, small};
use crate::figure;

const EMAIL: &str = "ann@example.com";
const HOUR: Duration = Duration::from_hours(1);
/// How often memory is read in it.
const LOOKS: u32 = 12;
/// Between two photos.
const PACE: Duration = Duration::from_millis(500);

/// Prints the resident memory every five minutes, and how many photos there were.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let album = Process::start(&[])?;
    let mut ann = Person::new(&album, EMAIL).await?;
    let photo = small()?;
    let begin = Instant::now();
    let (mut pace, mut looks, mut photos) = (interval(PACE), 0, 0_u32);
    while looks < LOOKS {
        pace.tick().await;
        if begin.elapsed() >= HOUR / LOOKS * (looks + 1) {
            looks += 1;
            let name = format!("hour.resident_after_{looks:02}_of_{LOOKS}");
            figure::print(&name, album.usage()?.resident, "MB");
            // A token ends before the hour does.
            ann = Person::sign_in(&album, EMAIL).await?;
        }
        let bytes = distinct(&photo, photos)?;
        let answers = ann.announce(std::slice::from_ref(&bytes)).await?;
        let answer = answers.into_iter().next().context("no answer")?;
        ann.put(answer, bytes).await?;
        photos += 1;
    }
    figure::print("hour.photos", f64::from(photos), "photos");
    figure::print("hour.peak", album.usage()?.peak, "MB");
    Ok(())
}
