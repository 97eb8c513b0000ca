//! Counting photos: a pure fold over records.

use std::collections::BTreeMap;

use cloudalbum_domain::wire::{FailureFigure, Minute, Standing, Step, StepFigure};
use cloudalbum_domain::{Facet, FailureCode, Photo, Progress, Stage, State, Status};
use jiff::{SignedDuration, Timestamp};

/// How far back the minutes go.
const MINUTES: i64 = 30;
/// How far back the figures of the steps go, in minutes.
const RECENT: i64 = 15;
/// Over how long rates are taken, in seconds.
const RATE: i64 = 60;
/// What finished only just now is no rate yet, in seconds.
const SHORTEST: f64 = 5.0;

/// What the records tell at one moment.
#[derive(Debug)]
pub(super) struct Tally {
    now: Timestamp,
    pub(super) standing: Standing,
    thumbnails: StageTally,
    metadata: StageTally,
    failures: BTreeMap<(Stage, FailureCode), u64>,
    minutes: BTreeMap<i64, MinuteTally>,
}

/// What the records tell about one stage.
#[derive(Clone, Debug, Default)]
pub(super) struct StageTally {
    /// Live photos that it has not finished.
    pub(super) unfinished: u64,
    /// Since when the oldest waits whose bytes have been seen, and the oldest
    /// of all.
    pub(super) oldest: (Option<Timestamp>, Option<Timestamp>),
    finished: Recent,
    failed: Recent,
}

/// What happened in the last minute.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    count: u32,
    first: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct MinuteTally {
    granted: u64,
    thumbnails: u64,
    metadata: u64,
    failed: u64,
    steps: BTreeMap<Step, Vec<f64>>,
}

impl Tally {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            standing: Standing::default(),
            thumbnails: StageTally::default(),
            metadata: StageTally::default(),
            failures: BTreeMap::new(),
            minutes: BTreeMap::new(),
        }
    }

    pub(super) fn see(&mut self, photo: &Photo) {
        if photo.state == State::Deleted {
            return;
        }
        self.standing.records += 1;
        *self.place(photo) += 1;
        self.in_minute(photo.upload_date, |minute| minute.granted += 1);
        self.see_stage(photo, Stage::Thumbnails, &photo.thumbnails);
        self.see_stage(photo, Stage::Metadata, &photo.metadata);
        self.see_steps(photo);
    }

    pub(super) fn stage(&self, stage: Stage) -> &StageTally {
        match stage {
            Stage::Thumbnails => &self.thumbnails,
            Stage::Metadata => &self.metadata,
        }
    }

    pub(super) fn failures(&self) -> Vec<FailureFigure> {
        let figure = |(&(stage, code), &photos): (&(Stage, FailureCode), &u64)| FailureFigure {
            stage,
            code,
            photos,
        };
        self.failures.iter().map(figure).collect()
    }

    /// How long the steps took that ended lately.
    pub(super) fn steps(&self) -> Vec<StepFigure> {
        let mut all: BTreeMap<Step, Vec<f64>> = BTreeMap::new();
        for (_, minute) in self.minutes.range(minute_of(self.now) - RECENT..) {
            for (step, lengths) in &minute.steps {
                all.entry(*step).or_default().extend(lengths);
            }
        }
        figures(&all)
    }

    /// The last minutes, those without any event included.
    pub(super) fn minutes(&self) -> Vec<Minute> {
        let last = minute_of(self.now);
        let empty = MinuteTally::default();
        let minute = |number: i64| {
            let tally = self.minutes.get(&number).unwrap_or(&empty);
            Minute {
                at: Timestamp::from_second(number * 60).unwrap_or_default(),
                granted: tally.granted,
                thumbnails: tally.thumbnails,
                metadata: tally.metadata,
                failed: tally.failed,
                steps: figures(&tally.steps),
            }
        };
        (last - MINUTES + 1..=last).map(minute).collect()
    }

    fn place(&mut self, photo: &Photo) -> &mut u64 {
        let standing = &mut self.standing;
        match (photo.state, photo.status()) {
            (State::Deleting, _) => &mut standing.deleting,
            (_, Status::Pending) => &mut standing.pending,
            (_, Status::Processing) => &mut standing.processing,
            (_, Status::Ready) => &mut standing.ready,
            (_, Status::Failed) => &mut standing.failed,
            (_, Status::Trashed) => &mut standing.trashed,
        }
    }

    fn see_stage<T>(&mut self, photo: &Photo, stage: Stage, facet: &Facet<T>) {
        let live = photo.state == State::Live;
        let now = self.now;
        let tally = match stage {
            Stage::Thumbnails => &mut self.thumbnails,
            Stage::Metadata => &mut self.metadata,
        };
        match &facet.progress {
            Progress::Pending { since } if live => {
                tally.unfinished += 1;
                if photo.has_arrived() {
                    tally.oldest.0 = Some(earlier(tally.oldest.0, *since));
                }
                tally.oldest.1 = Some(earlier(tally.oldest.1, *since));
            }
            Progress::Pending { .. } => {}
            Progress::Done { at, .. } => {
                tally.finished.count(*at, now);
                self.in_minute(*at, |minute| *minute.of(stage) += 1);
            }
            Progress::Failed { failure, at, .. } => {
                tally.finished.count(*at, now);
                tally.failed.count(*at, now);
                if live {
                    *self.failures.entry((stage, failure.code)).or_default() += 1;
                }
                self.in_minute(*at, |minute| {
                    *minute.of(stage) += 1;
                    minute.failed += 1;
                });
            }
        }
    }

    fn see_steps(&mut self, photo: &Photo) {
        let times = &photo.times;
        let (thumbnails, metadata) = (finished_at(&photo.thumbnails), finished_at(&photo.metadata));
        // What was processed again began later than its record says.
        let first = photo.thumbnails.generation == 1 && photo.metadata.generation == 1;
        let both = thumbnails.zip(metadata).map(|(one, other)| one.max(other));
        let granted = Some(photo.upload_date);
        let steps = [
            (Step::Upload, granted, times.event),
            (Step::Notify, times.event, times.thumbnails_queued),
            (Step::Notify, times.event, times.metadata_queued),
            (
                Step::WaitThumbnails,
                times.thumbnails_queued,
                times.thumbnails_received,
            ),
            (
                Step::MakeThumbnails,
                times.thumbnails_received,
                thumbnails.filter(|_| first),
            ),
            (
                Step::WaitMetadata,
                times.metadata_queued,
                times.metadata_received,
            ),
            (
                Step::ReadMetadata,
                times.metadata_received,
                metadata.filter(|_| first),
            ),
            (Step::Whole, granted, both.filter(|_| first)),
        ];
        for (step, begin, end) in steps {
            if let Some((begin, end)) = begin.zip(end) {
                let length = end.duration_since(begin).max(SignedDuration::ZERO);
                let length = length.as_secs_f64() * 1_000.0;
                self.in_minute(end, |minute| {
                    minute.steps.entry(step).or_default().push(length);
                });
            }
        }
    }

    fn in_minute(&mut self, at: Timestamp, note: impl FnOnce(&mut MinuteTally)) {
        let number = minute_of(at);
        if number > minute_of(self.now) - MINUTES {
            note(self.minutes.entry(number).or_default());
        }
    }
}

impl StageTally {
    /// Photos that the stage finished, a second.
    pub(super) fn finished_per_second(&self, now: Timestamp) -> f64 {
        self.finished.per_second(now)
    }

    /// Photos that it finished without success, a second.
    pub(super) fn failed_per_second(&self, now: Timestamp) -> f64 {
        self.failed.per_second(now)
    }
}

impl Recent {
    fn count(&mut self, at: Timestamp, now: Timestamp) {
        if now.duration_since(at) < SignedDuration::from_secs(RATE) {
            self.count += 1;
            self.first = Some(earlier(self.first, at));
        }
    }

    /// From the first event on: a stage that has just begun has its full pace.
    fn per_second(&self, now: Timestamp) -> f64 {
        let since = self
            .first
            .map_or(0.0, |first| now.duration_since(first).as_secs_f64());
        f64::from(self.count) / since.max(SHORTEST)
    }
}

impl MinuteTally {
    fn of(&mut self, stage: Stage) -> &mut u64 {
        match stage {
            Stage::Thumbnails => &mut self.thumbnails,
            Stage::Metadata => &mut self.metadata,
        }
    }
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

fn earlier(known: Option<Timestamp>, at: Timestamp) -> Timestamp {
    known.map_or(at, |known| known.min(at))
}

fn finished_at<T>(facet: &Facet<T>) -> Option<Timestamp> {
    match facet.progress {
        Progress::Pending { .. } => None,
        Progress::Done { at, .. } | Progress::Failed { at, .. } => Some(at),
    }
}

fn figures(steps: &BTreeMap<Step, Vec<f64>>) -> Vec<StepFigure> {
    let figure = |(step, lengths): (&Step, &Vec<f64>)| {
        let mut lengths = lengths.clone();
        lengths.sort_by(f64::total_cmp);
        StepFigure {
            step: *step,
            photos: lengths.len() as u64,
            p50_ms: percentile(&lengths, 50),
            p95_ms: percentile(&lengths, 95),
        }
    };
    steps.iter().map(figure).collect()
}

/// The nearest rank in `sorted`.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
