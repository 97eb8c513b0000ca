//! The changes feed of one owner.

use std::collections::HashSet;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use cloudalbum_domain::{OwnerId, Photo, PhotoId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::item::{Item, photo, sortable, text};
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
    /// How many those are.
    #[serde(default)]
    told: u32,
}

impl ChangesCursor {
    /// A reader that starts at `now`: it is told what changes from then on,
    /// and once more what changed in the window before.
    pub fn starting(now: Timestamp) -> Self {
        Self {
            at: now,
            window: 0,
            told: 0,
        }
    }

    /// The newest change that was told.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// How many changes each reading goes over again.
    pub fn told(&self) -> u32 {
        self.told
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

/// A change without the rest of the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Mark {
    changed_at: Timestamp,
    id: PhotoId,
    version: u64,
}

impl Table {
    /// Reads what changed since `cursor`, or everything: consistently, and
    /// with what is trashed or gone.
    pub async fn changes(
        &self,
        owner: &OwnerId,
        cursor: Option<&ChangesCursor>,
    ) -> Result<ChangesPage, TableError> {
        let Some(cursor) = cursor else {
            let (photos, more) = self.changed(owner, Timestamp::UNIX_EPOCH, None).await?;
            return Ok(page(Vec::new(), photos, Timestamp::UNIX_EPOCH, more));
        };
        let window = rewound(cursor.at);
        let marks = self.marks(owner, window, cursor.at).await?;
        let told: Vec<Mark> = marks
            .iter()
            .filter(|mark| mark.changed_at <= cursor.at)
            .cloned()
            .collect();
        let late = digest(told.clone()) != cursor.window;
        if !late && told.len() == marks.len() {
            return Ok(ChangesPage {
                photos: Vec::new(),
                next: cursor.clone(),
                more: false,
            });
        }
        let from = if late { window } else { cursor.at };
        let (photos, more) = self.changed(owner, from, Some(cursor.at)).await?;
        Ok(page(told, photos, cursor.at, more))
    }

    /// What is in the window, and whether there is more after it: most often
    /// there is nothing to tell, and whole records are many times larger.
    async fn marks(
        &self,
        owner: &OwnerId,
        from: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<Mark>, TableError> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut start = None;
        loop {
            let query = self.changes_after(owner, from, start);
            let answer = query
                .projection_expression("id, version, changed_at")
                .send()
                .await
                .map_err(|error| TableError::new("Query", error))?;
            for item in answer.items.into_iter().flatten() {
                let mark = serde_dynamo::from_item(item);
                marks.push(mark.map_err(|error| TableError::new("deserialize", error))?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() || marks.last().is_some_and(|mark| mark.changed_at > at) {
                return Ok(marks);
            }
        }
    }

    /// The records that changed after `from`, and whether there are more. There
    /// are enough to get beyond `at`, or a reader would not move.
    async fn changed(
        &self,
        owner: &OwnerId,
        from: Timestamp,
        at: Option<Timestamp>,
    ) -> Result<(Vec<Photo>, bool), TableError> {
        let mut photos: Vec<Photo> = Vec::new();
        let mut start = None;
        loop {
            let query = self.changes_after(owner, from, start);
            let answer = query.send().await;
            let answer = answer.map_err(|error| TableError::new("Query", error))?;
            for item in answer.items.into_iter().flatten() {
                photos.push(photo(item)?);
            }
            start = answer.last_evaluated_key;
            let beyond = |photo: &&Photo| at.is_none_or(|at| photo.changed_at > at);
            let enough = photos.iter().filter(beyond).count() >= usize::from(LIMIT);
            if start.is_none() || enough {
                return Ok((photos, start.is_some()));
            }
        }
    }

    fn changes_after(
        &self,
        owner: &OwnerId,
        from: Timestamp,
        start: Option<Item>,
    ) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.names.photo)
            .index_name(BY_CHANGED_AT)
            .key_condition_expression("user_id = :owner AND changed_at > :from")
            .expression_attribute_values(":owner", text(owner.as_str()))
            .expression_attribute_values(":from", text(sortable(from)))
            .consistent_read(true)
            .limit(i32::from(LIMIT))
            .set_exclusive_start_key(start)
    }
}

/// What is told, and where to go on after it: `told` was before, up to `at`.
fn page(told: Vec<Mark>, photos: Vec<Photo>, at: Timestamp, more: bool) -> ChangesPage {
    let newest = photos.iter().map(|photo| photo.changed_at).max();
    let at = newest.unwrap_or(at).max(at);
    let fresh = photos.iter().map(|photo| Mark {
        changed_at: photo.changed_at,
        id: photo.id,
        version: photo.version,
    });
    let fresh: Vec<Mark> = fresh.collect();
    // One that changed between the two readings is in both.
    let ids: HashSet<PhotoId> = fresh.iter().map(|mark| mark.id).collect();
    let told = told.into_iter().filter(|mark| !ids.contains(&mark.id));
    let window = told.chain(fresh);
    let window: Vec<Mark> = window
        .filter(|mark| mark.changed_at > rewound(at))
        .collect();
    let next = ChangesCursor {
        at,
        told: u32::try_from(window.len()).unwrap_or(u32::MAX),
        window: digest(window),
    };
    ChangesPage { photos, next, more }
}

fn rewound(at: Timestamp) -> Timestamp {
    at.saturating_sub(REWIND).unwrap_or(Timestamp::MIN)
}

/// A digest of changes, in whatever order they were read.
fn digest(mut marks: Vec<Mark>) -> u64 {
    marks.sort_unstable();
    let mut hash = sha2::Sha256::new();
    for mark in &marks {
        hash.update(mark.id.as_bytes());
        hash.update(mark.version.to_be_bytes());
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

    fn marks(photos: &[Photo]) -> Vec<Mark> {
        let mark = |photo: &Photo| Mark {
            changed_at: photo.changed_at,
            id: photo.id,
            version: photo.version,
        };
        photos.iter().map(mark).collect()
    }

    #[test]
    fn a_cursor_knows_what_was_told_in_its_window() {
        let (one, two) = (photo(b"1", 0), photo(b"2", 2_000));
        let both = vec![two.clone(), one.clone()];
        let first = page(Vec::new(), both.clone(), Timestamp::UNIX_EPOCH, false).next;
        assert_eq!(first.at, two.changed_at);
        assert_eq!(first.window, digest(marks(&both)), "in whatever order");
        let late = [both.clone(), vec![photo(b"3", 1_000)]].concat();
        assert_ne!(first.window, digest(marks(&late)));

        let later = Photo {
            version: two.version + 1,
            ..photo(b"2", 3_000)
        };
        let next = page(marks(&both), vec![later.clone()], first.at, false).next;
        assert_eq!(
            next.window,
            digest(marks(&[one, later])),
            "one that changed again counts once"
        );
        let far = photo(b"4", 60_000);
        let next = page(marks(&both), vec![far.clone()], first.at, false).next;
        assert_eq!(next.window, digest(marks(&[far])), "the others went out");
        let none = page(Vec::new(), Vec::new(), next.at, false).next;
        assert_eq!(none.at, next.at, "a cursor never goes back");
    }
}
