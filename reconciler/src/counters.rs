//! Quota and map counters against the records that they count.

use std::collections::BTreeMap;

use cloudalbum_aws::table::Counted;
use cloudalbum_domain::{IndexEntry, OwnerId, Photo, State, index_entries};

use crate::Reconciler;
use crate::report::{Mend, Run};

const WALK: &str = "counters";

/// What looking at an account costs, in records.
const AN_ACCOUNT: usize = 10;

/// What the records of an owner add up to.
#[derive(Default)]
struct Sum {
    usage: Counted,
    tiles: BTreeMap<String, i128>,
    records: usize,
}

impl Reconciler {
    /// Counts the records of some owners. An owner is counted in one go, so a
    /// run reads at most one owner's quota more than its pages.
    pub(crate) async fn counters(&self, run: &mut Run) -> anyhow::Result<()> {
        let most = usize::from(self.limits.pages) * usize::from(self.limits.page);
        let mut place: Option<String> = self.place(WALK).await?;
        let mut counted = 0;
        loop {
            let (owners, next) = self.table.owners(place.as_deref(), 1).await?;
            for owner in owners {
                counted += AN_ACCOUNT + self.count(run, &owner).await?;
            }
            place = next;
            self.keep(run, WALK, place.as_ref()).await?;
            if place.is_none() || counted >= most {
                run.look(counted);
                return Ok(());
            }
        }
    }

    async fn count(&self, run: &mut Run, owner: &OwnerId) -> anyhow::Result<usize> {
        let quiet_since = run.before(self.limits.quiet);
        let changed = self.table.last_change(owner).await?;
        if changed.is_some_and(|at| at >= quiet_since) {
            return Ok(0);
        }
        let usage = self.table.counted(owner).await?;
        let tiles = self.table.tile_counts(owner).await?;
        let sum = self.sum(owner).await?;
        if self.table.last_change(owner).await? != changed {
            return Ok(sum.records);
        }
        if usage != sum.usage {
            let corrected = run.dry_run
                || self
                    .table
                    .correct_usage(owner, usage, sum.usage, quiet_since)
                    .await?;
            if corrected {
                run.tell(Mend::Usage, owner);
            }
        }
        let keys = tiles.keys().chain(sum.tiles.keys());
        let keys: std::collections::BTreeSet<&String> = keys.collect();
        for entry in keys {
            let of = |counts: &BTreeMap<String, i128>| counts.get(entry).copied().unwrap_or(0);
            let (seen, actual) = (of(&tiles), of(&sum.tiles));
            let corrected = seen != actual
                && (run.dry_run || self.table.correct_tile(owner, entry, seen, actual).await?);
            if corrected {
                // Which tile would tell where the owner was.
                run.tell(Mend::Tile, owner);
            }
        }
        Ok(sum.records)
    }

    async fn sum(&self, owner: &OwnerId) -> anyhow::Result<Sum> {
        let mut sum = Sum::default();
        let mut after = None;
        loop {
            let (photos, next) = self.table.records(owner, after).await?;
            sum.records += photos.len();
            for photo in &photos {
                sum.add(photo);
            }
            after = next;
            if after.is_none() {
                return Ok(sum);
            }
        }
    }
}

impl Sum {
    fn add(&mut self, photo: &Photo) {
        if photo.state != State::Deleted && !photo.uncounted {
            self.usage.bytes += i128::from(photo.filesize);
            self.usage.photos += 1;
        }
        for entry in index_entries(photo) {
            if let IndexEntry::Tile { entry } = entry {
                *self.tiles.entry(entry).or_default() += 1;
            }
        }
    }
}
