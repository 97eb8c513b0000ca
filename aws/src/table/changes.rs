//! The changes feed of one owner.

use cloudalbum_domain::{OwnerId, Photo};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::item::{photo, sortable, text};
use super::schema::BY_CHANGED_AT;
use super::{Table, TableError};

/// A change is stamped before it is written, so it can become visible later
/// than a younger one, by at most the time a write may take. Each reading
/// starts this much before the cursor.
const REWIND: SignedDuration = SignedDuration::from_secs(10);

/// How many changes one reading returns.
const LIMIT: u16 = 500;

/// How far a reader got.
///
/// The changes of the rewound window were told before. They are told again
/// only when they are not the same any more, that is, when one came late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesCursor {
    /// The newest change that was told.
    at: Timestamp,
    /// A digest of the changes in the window before it.
    window: u64,
}

impl ChangesCursor {
    /// A reader that starts at `now`: it is told what changes from then on,
    /// and once more what changed in the window before.
    pub fn starting(now: Timestamp) -> Self {
        Self { at: now, window: 0 }
    }
}

/// What changed.
#[derive(Debug)]
pub struct ChangesPage {
    /// Oldest change first.
    pub photos: Vec<Photo>,
    /// Where to go on.
    pub next: ChangesCursor,
    /// Whether there is more right away.
    pub more: bool,
}

impl Table {
    /// Reads what changed since `cursor`, or everything: consistently, and
    /// with what is trashed or gone.
    pub async fn changes(
        &self,
        owner: &OwnerId,
        cursor: Option<&ChangesCursor>,
    ) -> Result<ChangesPage, TableError> {
        let from = cursor.map_or(Timestamp::UNIX_EPOCH, |cursor| rewound(cursor.at));
        let mut photos: Vec<Photo> = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.names.photo)
                .index_name(BY_CHANGED_AT)
                .key_condition_expression("user_id = :owner AND changed_at > :from")
                .expression_attribute_values(":owner", text(owner.as_str()))
                .expression_attribute_values(":from", text(sortable(from)))
                .consistent_read(true)
                .limit(i32::from(LIMIT))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| TableError::new("Query", error))?;
            for item in answer.items.into_iter().flatten() {
                photos.push(photo(item)?);
            }
            start = answer.last_evaluated_key;
            // A page must get beyond the window, or the reader would not move.
            let beyond = |photo: &Photo| cursor.is_none_or(|cursor| photo.changed_at > cursor.at);
            if start.is_none()
                || photos.iter().filter(|photo| beyond(photo)).count() >= usize::from(LIMIT)
            {
                break;
            }
        }
        Ok(page(photos, cursor, start.is_some()))
    }
}

fn page(photos: Vec<Photo>, cursor: Option<&ChangesCursor>, more: bool) -> ChangesPage {
    let newest = photos.iter().map(|photo| photo.changed_at).max();
    let told = cursor.map_or(Timestamp::UNIX_EPOCH, |cursor| cursor.at);
    let at = newest.unwrap_or(told).max(told);
    let next = ChangesCursor {
        at,
        window: digest(&photos, rewound(at), at),
    };
    let repeat = cursor
        .is_some_and(|cursor| digest(&photos, rewound(cursor.at), cursor.at) == cursor.window);
    let photos = photos
        .into_iter()
        .filter(|photo| !repeat || photo.changed_at > told)
        .collect();
    ChangesPage { photos, next, more }
}

fn rewound(at: Timestamp) -> Timestamp {
    at.saturating_sub(REWIND).unwrap_or(Timestamp::MIN)
}

/// A digest of the changes after `from` and up to `to`.
fn digest(photos: &[Photo], from: Timestamp, to: Timestamp) -> u64 {
    let mut hash = sha2::Sha256::new();
    for photo in photos
        .iter()
        .filter(|photo| photo.changed_at > from && photo.changed_at <= to)
    {
        hash.update(photo.id.as_bytes());
        hash.update(photo.version.to_be_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudalbum_domain::{MediaType, NewPhoto, Sha256, TraceContext};

    fn photo(content: &[u8], millisecond: i64) -> Photo {
        let new = NewPhoto {
            owner: "ann".parse().unwrap(),
            sha256: Sha256::of(content),
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

    #[test]
    fn tells_a_change_once_and_a_late_one_all_the_same() {
        let first = page(vec![photo(b"1", 0), photo(b"3", 2_000)], None, false);
        assert_eq!(first.photos.len(), 2);
        let same = page(
            vec![photo(b"1", 0), photo(b"3", 2_000)],
            Some(&first.next),
            false,
        );
        assert!(same.photos.is_empty());
        assert_eq!(same.next, first.next);
        let late = vec![photo(b"1", 0), photo(b"2", 1_000), photo(b"3", 2_000)];
        let told = page(late, Some(&first.next), false);
        assert_eq!(
            told.photos.len(),
            3,
            "the late one, and repeats that are identical"
        );
        let nothing_new = page(Vec::new(), Some(&told.next), false);
        assert_eq!(
            nothing_new.next.at, told.next.at,
            "a cursor never goes back"
        );
    }
}
