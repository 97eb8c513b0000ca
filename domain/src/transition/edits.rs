//! Reading a thousand photos again keeps every edit of their owners.

use jiff::Timestamp;

use super::NewPhoto;
use crate::{
    Description, Edit, GeoPoint, MediaType, Metadata, Photo, Sha256, Stage, TakenDate, Times,
    TraceContext,
};

fn now(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn photo(number: u32) -> Photo {
    let new = NewPhoto {
        owner: "ann".parse().unwrap(),
        sha256: Sha256::of(&number.to_le_bytes()),
        content_type: MediaType::Jpeg,
        filesize: 1,
        filename: format!("IMG_{number}.jpg").try_into().unwrap(),
        tags: Vec::new().try_into().unwrap(),
        description: Description::default(),
        modified_at: None,
        trace_context: TraceContext::mint(1, [2; 12], [3; 8], true),
    };
    new.pending(now(0))
}

/// What the file says when it is read by the `version`th release.
fn said(version: i16) -> Metadata {
    Metadata {
        location: GeoPoint::new(40.0 + f64::from(version), 2.0).ok(),
        taken: Some(taken(2000 + version)),
        keywords: vec![format!("word{version}")],
        description: Some(format!("text{version}")),
        ..Metadata::default()
    }
}

fn taken(year: i16) -> TakenDate {
    TakenDate::local(jiff::civil::date(year, 5, 6).at(7, 8, 9, 0))
}

/// Each kind of edit by turns, one of them taking a value away.
fn edit(turn: u32) -> Edit {
    let mut edit = Edit::default();
    match turn % 5 {
        0 => edit.tags = Some(vec!["mine".to_owned()].try_into().unwrap()),
        1 => edit.description = Some("mine".to_owned().try_into().unwrap()),
        2 => edit.location = Some(GeoPoint::new(-33.0, 151.0).ok()),
        3 => edit.taken = Some(Some(taken(1955))),
        _ => edit.location = Some(None),
    }
    edit
}

fn read(photo: &Photo, version: i16) -> Photo {
    let generation = photo.metadata.generation;
    let outcome = Ok((said(version), None));
    photo
        .finish_metadata(generation, outcome, &Times::default(), now(9))
        .unwrap()
}

#[test]
fn a_reprocess_of_a_thousand_photos_keeps_all_hundred_edits() {
    let mut kept = 0;
    for number in 0..1_000 {
        let mut photo = read(&photo(number), 1);
        let turn = number / 10;
        if number % 10 == 0 {
            photo = photo.edit(&edit(turn), now(10)).unwrap();
        }
        let before = photo.clone();
        let again = photo.reprocess(&[Stage::Metadata], now(11)).unwrap();
        let after = read(&again, 2);
        let same = [
            after.tags == before.tags,
            after.description == before.description,
            after.location == before.location,
            after.taken_date == before.taken_date,
        ];
        // Of an edited photo one field stays, of every other none.
        let expected = match (number % 10, turn % 5) {
            (0, 0) => [true, false, false, false],
            (0, 1) => [false, true, false, false],
            (0, 2 | 4) => [false, false, true, false],
            (0, _) => [false, false, false, true],
            _ => [false; 4],
        };
        assert_eq!(same, expected, "photo {number}");
        kept += u32::from(number % 10 == 0);
    }
    assert_eq!(kept, 100);
}
