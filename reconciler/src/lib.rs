//! Compares records, objects, parts and counters, and mends what events, or
//! processes that ended between two writes, left behind.
//!
//! Each run does a bounded part of each walk and keeps its place in the table,
//! so that no run reads everything. A run right after another does nothing.

mod counters;
mod objects;
mod parts;
mod pending;
mod removal;
mod report;
mod superseded;
mod trash;

use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::requeue::Requeue;
use cloudalbum_aws::table::Table;
use cloudalbum_aws::telemetry::Telemetry;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use report::{Mend, Report};

use report::Run;

/// What a run works with. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Reconciler {
    /// Records, counters, and the places of the walks.
    pub table: Table,
    /// Objects and parts.
    pub bucket: Bucket,
    /// The queues of the stages.
    pub requeue: Requeue,
    /// What is too late, and how much one run does.
    pub limits: Limits,
    /// Where mends are counted, and photos that end here tell their life.
    pub telemetry: Telemetry,
}

/// What is too late, and how much one run does.
#[derive(Clone, Debug)]
pub struct Limits {
    /// After this, messages of an unfinished photo are sent again; each time
    /// after twice as long. As long as a queue hides a message in work.
    pub grace: SignedDuration,
    /// How often they are sent again before a photo that was tried times out.
    pub requeues: u32,
    /// How often before one that no worker ever claimed times out, too.
    pub most_requeues: u32,
    /// How long an upload may take to arrive. Longer than any upload URL works.
    pub arrival: SignedDuration,
    /// How long a trashed photo can be restored.
    pub trash: SignedDuration,
    /// How old an object or an unfinished upload is before it can be nobody's.
    pub orphan: SignedDuration,
    /// How long renditions stay that a photo is not shown by any more. Longer
    /// than any URL of one works.
    pub superseded: SignedDuration,
    /// After this, the removal of a photo's objects is taken over.
    pub lease: SignedDuration,
    /// How long an owner's counters must have been still to be corrected.
    pub quiet: SignedDuration,
    /// How many records or accounts one page of a walk has.
    pub page: u16,
    /// How many pages of each walk one run reads.
    pub pages: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            grace: SignedDuration::from_mins(6),
            requeues: 5,
            most_requeues: 9,
            arrival: SignedDuration::from_hours(24),
            trash: SignedDuration::from_hours(24 * 30),
            orphan: SignedDuration::from_hours(1),
            superseded: SignedDuration::from_hours(3),
            lease: SignedDuration::from_mins(10),
            quiet: SignedDuration::from_mins(1),
            page: 200,
            pages: 10,
        }
    }
}

impl Limits {
    /// The usual limits, with a trash that is emptied after `days`.
    pub fn with_trash_days(days: u64) -> Self {
        let days = i64::try_from(days).unwrap_or(0);
        Self {
            trash: SignedDuration::from_hours(24_i64.saturating_mul(days)),
            ..Self::default()
        }
    }
}

impl Reconciler {
    /// Does one run as of `now`. With `dry_run` it only tells what it would
    /// mend. A walk that fails is told in the report and keeps no other from
    /// its work.
    pub async fn run(&self, now: Timestamp, dry_run: bool) -> Report {
        let mut run = Run::new(now, dry_run);
        let outcomes = [
            ("pending", self.pending(&mut run).await),
            ("trash", self.trash(&mut run).await),
            ("mismatches", self.mismatches(&mut run).await),
            ("deleting", self.deleting(&mut run).await),
            ("originals", self.originals(&mut run).await),
            ("renditions", self.renditions(&mut run).await),
            ("parts", self.parts(&mut run).await),
            ("counters", self.counters(&mut run).await),
        ];
        for (walk, outcome) in outcomes {
            if let Err(error) = outcome {
                tracing::error!(walk, error = format!("{error:#}"), "a walk broke off");
                run.report.errors += 1;
            }
        }
        let report = run.finish();
        if !dry_run {
            for (mend, count) in &report.mends {
                self.telemetry.metrics().found(mend.as_str(), *count);
            }
        }
        report
    }

    /// Where the walk of that name goes on.
    async fn place<P: DeserializeOwned + Default>(&self, walk: &str) -> anyhow::Result<P> {
        let kept = self.table.cursor(walk).await?;
        // A place that an older version wrote starts the walk anew.
        Ok(kept
            .and_then(|place| serde_json::from_str(&place).ok())
            .unwrap_or_default())
    }

    /// Keeps where the walk goes on; `None` when it is through.
    async fn keep<P: Serialize>(
        &self,
        run: &Run,
        walk: &str,
        place: Option<&P>,
    ) -> anyhow::Result<()> {
        if run.dry_run {
            return Ok(());
        }
        let place = place.map(serde_json::to_string).transpose()?;
        self.table.keep_cursor(walk, place.as_deref()).await?;
        Ok(())
    }
}
