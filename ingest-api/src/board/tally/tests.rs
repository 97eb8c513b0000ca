//! Counting a handful of photos by hand.

use super::*;
use cloudalbum_domain::{
    Description, Failure, Filename, Metadata, NewPhoto, Sha256, Tags, Thumbnails, Times,
    TraceContext,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn granted(name: &str, second: i64) -> Photo {
    let new = NewPhoto {
        owner: "ann".parse().unwrap(),
        sha256: Sha256::of(name.as_bytes()),
        content_type: "image/jpeg".parse().unwrap(),
        filesize: 5,
        filename: Filename::try_from(format!("{name}.jpg")).unwrap(),
        tags: Tags::default(),
        description: Description::default(),
        modified_at: None,
        trace_context: TraceContext::mint(1_800_000_000, [1; 12], [2; 8], true),
    };
    new.pending(at(second))
}

fn times(second: i64) -> Times {
    Times {
        event: Some(at(second)),
        thumbnails_queued: Some(at(second + 1)),
        thumbnails_received: Some(at(second + 3)),
        metadata_queued: Some(at(second + 1)),
        metadata_received: Some(at(second + 2)),
    }
}

fn ready(name: &str, second: i64) -> Photo {
    let metadata = Ok((Metadata::default(), None));
    let thumbnails = Ok(Thumbnails {
        recipe: 1,
        width: 4,
        height: 3,
        thumbhash: String::new(),
        renditions: Vec::new(),
        warnings: Vec::new(),
    });
    granted(name, second - 2)
        .finish_metadata(1, metadata, &times(second), at(second + 4))
        .unwrap()
        .finish_thumbnails(1, thumbnails, &times(second), at(second + 8))
        .unwrap()
}

fn failed(name: &str, second: i64) -> Photo {
    let failure = Failure::new(FailureCode::CorruptImage, "no picture");
    let metadata = Ok((Metadata::default(), None));
    granted(name, second - 2)
        .finish_metadata(1, metadata, &times(second), at(second + 4))
        .unwrap()
        .finish_thumbnails(1, Err(failure), &times(second), at(second + 8))
        .unwrap()
}

fn tally(photos: &[Photo], now: i64) -> Tally {
    let mut tally = Tally::new(at(now));
    for photo in photos {
        tally.see(photo);
    }
    tally
}

#[test]
fn every_photo_stands_in_one_place() {
    let trashed = ready("trashed", 0).trash(at(20)).unwrap();
    let going = trashed.delete(at(21)).unwrap();
    let gone = going.bury(at(22)).unwrap();
    let mut tried = granted("tried", 0);
    tried.thumbnails_attempts = 1;
    let photos = [
        granted("pending", 0),
        tried,
        ready("ready", 0),
        failed("failed", 0),
        trashed,
        going,
        gone,
    ];
    let standing = tally(&photos, 30).standing;
    let one_each = Standing {
        pending: 1,
        processing: 1,
        ready: 1,
        failed: 1,
        trashed: 1,
        deleting: 1,
        records: 6,
        ledger: 0,
    };
    assert_eq!(standing, one_each);
}

#[test]
fn a_stage_tells_what_it_has_not_finished_and_since_when() {
    let mut tried = granted("tried", 5);
    tried.thumbnails_attempts = 1;
    let tally = tally(&[granted("pending", 0), tried, ready("ready", 0)], 30);
    let stage = tally.stage(Stage::Thumbnails);
    assert_eq!(stage.unfinished, 2);
    assert_eq!(stage.oldest, (Some(at(5)), Some(at(0))));
}

#[test]
fn rates_count_from_the_first_of_the_last_minute() {
    let photos: Vec<Photo> = (0..20)
        .map(|second| ready(&second.to_string(), second))
        .collect();
    // Finished at 8 to 27.
    let pace = |now| {
        tally(&photos, now)
            .stage(Stage::Thumbnails)
            .finished_per_second(at(now))
    };
    assert!((pace(28) - 1.0).abs() < 1e-9, "{}", pace(28));
    assert!((pace(68) - 20.0 / 60.0).abs() < 0.02, "{}", pace(68));
    assert!(pace(200) < 1e-9);
}

#[test]
fn steps_and_failures_are_told_by_the_minute() {
    let tally = tally(&[ready("one", 0), failed("two", 0)], 30);
    let length = |step| {
        let steps = tally.steps();
        let figure = steps.iter().find(|figure| figure.step == step).unwrap();
        (figure.photos, figure.p50_ms)
    };
    assert_eq!(length(Step::Upload), (2, 2_000.0));
    assert_eq!(length(Step::WaitThumbnails), (2, 2_000.0));
    assert_eq!(length(Step::MakeThumbnails), (2, 5_000.0));
    assert_eq!(length(Step::Whole), (2, 10_000.0));
    let minutes = tally.minutes();
    assert_eq!(minutes.len(), 30);
    let sum = |of: fn(&Minute) -> u64| minutes.iter().map(of).sum::<u64>();
    assert_eq!(sum(|minute| minute.failed), 1);
    assert_eq!(sum(|minute| minute.thumbnails), 2);
    let failure = FailureFigure {
        stage: Stage::Thumbnails,
        code: FailureCode::CorruptImage,
        photos: 1,
    };
    assert_eq!(tally.failures(), [failure]);
}

#[test]
fn percentiles_are_ranks() {
    let lengths: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(
        (percentile(&lengths, 50), percentile(&lengths, 95)),
        (50.0, 95.0)
    );
    assert_eq!((percentile(&[7.0], 95), percentile(&[], 50)), (7.0, 0.0));
}
