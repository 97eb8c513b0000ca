//! Tests of the transitions, one after the other as a life has them.

use jiff::Timestamp;

use super::{NewPhoto, Refused};
use crate::{
    Description, Edit, Failure, FailureCode, GeoPoint, MediaType, Metadata, Photo, Place, Sha256,
    Stage, Status, Thumbnails, Times, TraceContext, index_entries,
};

fn now(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn photo() -> Photo {
    let new = NewPhoto {
        owner: "ann".parse().unwrap(),
        sha256: Sha256::of(b"1"),
        content_type: MediaType::Jpeg,
        filesize: 1,
        filename: "IMG_1.jpg".to_owned().try_into().unwrap(),
        tags: vec!["Paris".to_owned()].try_into().unwrap(),
        description: Description::default(),
        modified_at: None,
        trace_context: TraceContext::mint(1, [2; 12], [3; 8], true),
    };
    new.pending(now(0))
}

fn thumbnails() -> Thumbnails {
    Thumbnails {
        recipe: 1,
        width: 40,
        height: 30,
        thumbhash: String::new(),
        renditions: Vec::new(),
        warnings: Vec::new(),
    }
}

fn ready() -> Photo {
    let metadata = Metadata {
        location: GeoPoint::new(48.85, 2.35).ok(),
        ..Metadata::default()
    };
    let half = photo()
        .finish_thumbnails(1, Ok(thumbnails()), &Times::default(), now(1))
        .unwrap();
    half.finish_metadata(1, Ok((metadata, None)), &Times::default(), now(2))
        .unwrap()
}

#[test]
fn a_photo_moves_whole_and_under_the_id_of_its_new_owner() {
    let bob = "bob".parse().unwrap();
    assert_eq!(photo().moved_to(&bob, now(9)), None, "it never arrived");
    let ready = ready();
    let moved = ready.moved_to(&bob, now(9)).unwrap();
    assert_eq!(moved.id, crate::PhotoId::derive(&bob, &ready.sha256));
    assert_eq!((&moved.owner, moved.changed_at), (&bob, now(9)));
    assert_eq!(moved.status(), Status::Ready);
    assert_eq!(
        (moved.location, &moved.tags, moved.upload_date),
        (ready.location, &ready.tags, ready.upload_date)
    );
    assert_eq!(index_entries(&moved).len(), index_entries(&ready).len());
    let trashed = ready.trash(now(10)).unwrap();
    assert_eq!(
        trashed.moved_to(&bob, now(11)).unwrap().trashed_at,
        trashed.trashed_at
    );
    let gone = trashed.delete(now(12)).unwrap();
    assert_eq!(gone.moved_to(&bob, now(13)), None);
}

#[test]
fn a_photo_is_ready_when_both_facets_are() {
    assert_eq!(photo().status(), Status::Pending);
    assert!(index_entries(&photo()).is_empty());
    let ready = ready();
    assert_eq!(ready.status(), Status::Ready);
    assert_eq!(
        index_entries(&ready).len(),
        4 + 1 + 3,
        "paris, img, 1, jpg; a point; its tiles"
    );
}

#[test]
fn a_stale_attempt_never_overwrites() {
    let again = ready().reprocess(&[Stage::Thumbnails], now(3)).unwrap();
    let stale = again.finish_thumbnails(1, Ok(thumbnails()), &Times::default(), now(4));
    assert_eq!(stale, Err(Refused::Stale));
    let repeated = ready().finish_thumbnails(1, Ok(thumbnails()), &Times::default(), now(4));
    assert_eq!(repeated, Err(Refused::Stale));
}

#[test]
fn trash_hides_at_once_and_restore_brings_all_back() {
    let ready = ready();
    let trashed = ready.trash(now(5)).unwrap();
    assert!(index_entries(&trashed).is_empty());
    let failure = Failure::new(FailureCode::Timeout, "late");
    let late = trashed.finish_thumbnails(1, Err(failure), &Times::default(), now(6));
    assert_eq!(late, Err(Refused::NotLive));
    let restored = trashed.restore(now(7)).unwrap();
    assert_eq!(index_entries(&restored), index_entries(&ready));
}

#[test]
fn the_owners_word_wins_over_the_file() {
    let pin = GeoPoint::new(1.0, 2.0).unwrap();
    let edit = Edit {
        location: Some(Some(pin)),
        ..Edit::default()
    };
    let moved = ready().edit(&edit, now(3)).unwrap();
    assert_eq!(moved.status(), Status::Processing);
    let metadata = Metadata {
        location: GeoPoint::new(48.85, 2.35).ok(),
        keywords: vec!["file".to_owned()],
        ..Metadata::default()
    };
    let named = moved
        .finish_metadata(2, Ok((metadata, None)), &Times::default(), now(4))
        .unwrap();
    assert_eq!(named.location, Some(pin));
    assert_eq!(named.tags.as_slice(), ["Paris"]);
}

#[test]
fn a_record_survives_json() {
    let mut ready = ready();
    ready.place = Some(Place {
        nation: "France".to_owned(),
        country_code: "FR".to_owned(),
        ..Place::default()
    });
    let json = serde_json::to_value(&ready).unwrap();
    assert_eq!(json["geotag_lat"], 48.85);
    assert_eq!(json["nation"], "France");
    assert_eq!(serde_json::from_value::<Photo>(json).unwrap(), ready);
    let bare = serde_json::to_value(photo()).unwrap();
    assert_eq!(serde_json::from_value::<Photo>(bare).unwrap(), photo());
}

#[test]
fn wrong_bytes_are_awaited_anew_and_late_attempts_change_nothing() {
    let parts = photo().begin_parts("first", now(1)).unwrap();
    assert_eq!(parts.begin_parts("second", now(2)), Err(Refused::Unchanged));
    let wrong = || Failure::new(FailureCode::ChecksumMismatch, "other bytes");
    let failed = parts
        .finish_thumbnails(1, Err(wrong()), &Times::default(), now(3))
        .unwrap();
    assert!(failed.is_unchecked() && failed.needs_bytes());
    let again = failed.await_bytes(now(4)).unwrap();
    assert_eq!(
        (again.status(), again.multipart.as_ref()),
        (Status::Pending, None)
    );
    let late = again.finish_thumbnails(1, Err(wrong()), &Times::default(), now(5));
    assert_eq!(late, Err(Refused::Stale));
    let joined = again.begin_parts("third", now(6)).unwrap();
    let done = joined
        .finish_thumbnails(2, Ok(thumbnails()), &Times::default(), now(7))
        .unwrap();
    assert!(!done.is_unchecked());
    assert_eq!(done.await_bytes(now(8)), Err(Refused::Unchanged));
}

#[test]
fn only_an_upload_that_has_not_arrived_is_given_up() {
    assert_eq!(photo().give_up(now(1)).unwrap().status(), Status::Trashed);
    assert_eq!(ready().give_up(now(3)), Err(Refused::Stale));
}

#[test]
fn what_was_made_is_shown_until_another_recipe_has_been_followed() {
    let ready = ready();
    assert_eq!(ready.remake(1, now(5)), Err(Refused::Unchanged));
    let waiting = ready.remake(2, now(5)).unwrap();
    assert_eq!(waiting.status(), Status::Processing);
    assert_eq!(waiting.sort_date(), ready.sort_date());
    assert_eq!(waiting.thumbnails.shown(), ready.thumbnails.result());
    assert_eq!(waiting.metadata, ready.metadata);
    assert_eq!(waiting.remake(2, now(6)), Err(Refused::Unchanged));
    assert_eq!(
        waiting.remake(3, now(6)),
        Err(Refused::Unchanged),
        "whoever works on it asks for the recipe then"
    );

    let made = Thumbnails {
        recipe: 2,
        ..thumbnails()
    };
    let again =
        |photo: &Photo, outcome| photo.finish_thumbnails(2, outcome, &Times::default(), now(7));
    let done = again(&waiting, Ok(made.clone())).unwrap();
    assert_eq!(
        (done.thumbnails.shown(), &done.thumbnails.last),
        (Some(&made), &None)
    );
    assert!(!done.is_stale(2));

    let failure = Failure::new(FailureCode::DecodeMemoryBudget, "too large");
    let failed = again(&waiting, Err(failure)).unwrap();
    assert_eq!(failed.status(), Status::Failed);
    assert_eq!(failed.thumbnails.shown(), ready.thumbnails.result());
    assert_eq!(failed.remake(2, now(8)), Err(Refused::Unchanged));
    let tried = failed.reprocess(&[Stage::Thumbnails], now(8)).unwrap();
    assert_eq!(tried.thumbnails.shown(), ready.thumbnails.result());
    let trashed = ready.trash(now(5)).unwrap();
    assert_eq!(trashed.remake(2, now(6)), Err(Refused::NotLive));
}

#[test]
fn a_record_from_before_the_last_result_was_kept_is_read() {
    let ready = ready();
    let mut value = serde_json::to_value(&ready).unwrap();
    assert_eq!(value["thumbnails"].get("last"), None);
    value["thumbnails"].as_object_mut().unwrap().remove("last");
    assert_eq!(serde_json::from_value::<Photo>(value).unwrap(), ready);
}
