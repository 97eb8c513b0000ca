//! An outage of all events, with a percent of the later ones lost: how long until
//! every photo is final, and whether anything is left to mend.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use cloudalbum_domain::Status;
use cloudalbum_domain::wire::Reconciled;
use serde_json::json;

use crate::album::{Person, Process, distinct, small};
use crate::figure;

/// How long no event comes.
const OUTAGE: u64 = 60;
const FAULTS: &str = "seed=3 outage=60 drop=1";
/// Between two runs of the reconciler, in seconds.
const PERIOD: u64 = 60;
/// How long a queue hides a message, as the album says it to its queues.
const VISIBILITY: u64 = 360;
const PHOTOS: u32 = 600;

/// Prints how long the last photo took after the outage, and what two
/// reconciliations find afterwards.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let period = PERIOD.to_string();
    let album = Process::start(&[("LOCAL_FAULTS", FAULTS), ("RECONCILE_SECONDS", &period)])?;
    let begin = Instant::now();
    let outage = Duration::from_secs(OUTAGE);
    let ann = Person::operator(&album, "ann@example.com").await?;
    let cursor = ann.now().await?;
    let photo = small()?;
    let mut open = HashSet::new();
    // Half of them in the outage, half after it.
    for half in [0..PHOTOS / 2, PHOTOS / 2..PHOTOS] {
        let photos = half.map(|number| distinct(&photo, number));
        let photos = photos.collect::<anyhow::Result<Vec<_>>>()?;
        let answers = ann.announce(&photos).await?;
        for (answer, bytes) in answers.into_iter().zip(photos) {
            open.insert(ann.put(answer, bytes).await?);
        }
        tokio::time::sleep(outage.saturating_sub(begin.elapsed())).await;
    }
    let last = Instant::now();
    let mut ready = 0_u32;
    let bound = Duration::from_secs(2 * PERIOD + VISIBILITY);
    ann.follow(cursor, bound * 2, |photo| {
        if matches!(photo.status, Status::Ready | Status::Failed) && open.remove(&photo.id) {
            ready += u32::from(photo.status == Status::Ready);
        }
        open.is_empty()
    })
    .await?;
    let figure = |name: &str, value: f64, unit| {
        figure::print(&format!("recovery.{name}"), value, unit);
    };
    figure("photos", f64::from(PHOTOS), "photos");
    figure("ready", f64::from(ready), "photos");
    figure("after_last_upload", last.elapsed().as_secs_f64(), "s");
    figure("bound", bound.as_secs_f64(), "s");
    for run in ["first", "second"] {
        let order = json!({ "dry_run": false });
        let found: Reconciled = ann.post("v1/ops/reconcile", &order).await?;
        let mends: u64 = found.mends.values().sum();
        let mends = f64::from(u32::try_from(mends)?);
        figure(&format!("{run}_reconcile.mends"), mends, "mends");
    }
    Ok(())
}
