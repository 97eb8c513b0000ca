//! The changes feed of the table, through the engine.

use cloudalbum_aws::table::{ChangesCursor, Table};
use cloudalbum_domain::{MediaType, NewPhoto, OwnerId, Photo, PhotoId, Sha256, TraceContext};
use jiff::Timestamp;

use crate::household::Household;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_once_and_a_late_one_all_the_same() {
    let household = Household::start().await;
    let table = household.table().await;
    let (one, three) = (photo(1, 0), photo(3, 2_000));
    table.insert(&[one.clone(), three.clone()]).await.unwrap();
    let (told, cursor) = changes(&table, None).await;
    assert_eq!(told, [one.id, three.id]);
    let (told, same) = changes(&table, Some(cursor.clone())).await;
    assert_eq!((told, &same), (vec![], &cursor));

    let late = photo(2, 1_000);
    table.insert(std::slice::from_ref(&late)).await.unwrap();
    let (told, cursor) = changes(&table, Some(cursor)).await;
    assert_eq!(told, [one.id, late.id, three.id], "repeats are identical");
    let (told, cursor) = changes(&table, Some(cursor)).await;
    assert_eq!(told, []);

    let after = photo(4, 3_000);
    table.insert(std::slice::from_ref(&after)).await.unwrap();
    let (told, cursor) = changes(&table, Some(cursor)).await;
    assert_eq!(told, [after.id], "what was told is not told again");
    let (told, _) = changes(&table, Some(cursor)).await;
    assert_eq!(told, []);
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_gets_through_more_than_one_page() {
    let household = Household::start().await;
    let table = household.table().await;
    // All within the window that a reading begins before its cursor.
    let photos: Vec<Photo> = (0..1_200).map(|n| photo(n, i64::from(n))).collect();
    table.load(&photos).await.unwrap();
    let (mut told, mut cursor) = changes(&table, None).await;
    loop {
        let (more, next) = changes(&table, Some(cursor)).await;
        if more.is_empty() {
            break;
        }
        told.extend(more);
        cursor = next;
    }
    let all: Vec<PhotoId> = photos.iter().map(|photo| photo.id).collect();
    assert_eq!(told, all);
    household.album.stop().await;
}

async fn changes(table: &Table, cursor: Option<ChangesCursor>) -> (Vec<PhotoId>, ChangesCursor) {
    let owner: OwnerId = "ann".parse().unwrap();
    let page = table.changes(&owner, cursor.as_ref()).await.unwrap();
    let ids = page.photos.iter().map(|photo| photo.id).collect();
    (ids, page.next)
}

fn photo(content: u32, millisecond: i64) -> Photo {
    let new = NewPhoto {
        owner: "ann".parse().unwrap(),
        sha256: Sha256::of(&content.to_be_bytes()),
        content_type: MediaType::Jpeg,
        filesize: 1,
        filename: "a.jpg".to_owned().try_into().unwrap(),
        tags: Vec::new().try_into().unwrap(),
        description: String::new().try_into().unwrap(),
        modified_at: None,
        trace_context: TraceContext::mint(1, [2; 12], [3; 8], true),
    };
    new.pending(Timestamp::from_millisecond(1_700_000_000_000 + millisecond).unwrap())
}
