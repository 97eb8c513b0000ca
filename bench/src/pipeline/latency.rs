//! How soon one photo is ready on an album that has nothing else to do.

use std::time::Duration;

use anyhow::bail;
use cloudalbum_domain::Status;
use cloudalbum_domain::wire::EntryAnswer;
use jiff::{Timestamp, Unit};

use crate::album::{Person, Process, distinct};
use crate::figure::{self, percentile};

const PHOTOS: u32 = 20;

/// Prints the medians from the end of the PUT to `ready`, and from there until
/// the changes feed has told it; and what the idle process weighs.
pub(crate) async fn measure(photo: &[u8]) -> anyhow::Result<()> {
    let album = Process::start(&[])?;
    figure::print("pipeline.idle", album.usage()?.resident, "MB");
    let ann = Person::new(&album, "ann@example.com").await?;
    let (mut ready, mut seen) = (Vec::new(), Vec::new());
    // The first opens connections and tables.
    for number in 0..=PHOTOS {
        let (after, told) = one(&ann, distinct(photo, number)?).await?;
        if number > 0 {
            ready.push(after);
            seen.push(told);
        }
    }
    for (name, mut times) in [("ready", ready), ("seen", seen)] {
        for percent in [50, 95] {
            if let Some(time) = percentile(&mut times, percent) {
                figure::print(&format!("pipeline.latency.{name}_p{percent}"), time, "ms");
            }
        }
    }
    Ok(())
}

/// Milliseconds from the end of the PUT to `ready`, and from there to the feed.
async fn one(ann: &Person, bytes: Vec<u8>) -> anyhow::Result<(f64, f64)> {
    let cursor = ann.now().await?;
    let answers = ann.announce(std::slice::from_ref(&bytes)).await?;
    let Some(EntryAnswer::Upload { photo_id, .. }) = answers.first() else {
        bail!("not granted: {answers:?}");
    };
    let photo_id = photo_id.clone();
    let sending = async {
        for answer in answers {
            ann.put(answer, bytes.clone()).await?;
        }
        anyhow::Ok(Timestamp::now())
    };
    let mut ready = None;
    let watching = ann.follow(cursor, Duration::from_mins(1), |photo| {
        // The feed repeats what changed a moment ago.
        if photo.id == photo_id && photo.status == Status::Ready {
            ready = Some((photo.changed_at, Timestamp::now()));
        }
        ready.is_some()
    });
    let (sent, ()) = tokio::try_join!(sending, watching)?;
    let (ready, seen) = ready.ok_or_else(|| anyhow::anyhow!("never ready"))?;
    let apart = |from: Timestamp, to: Timestamp| to.since(from)?.total(Unit::Millisecond);
    Ok((apart(sent, ready)?, apart(ready, seen)?))
}
