//! A record as a DynamoDB item: the domain's attributes and the keys of the
//! indexes, which are derived from it and never read back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_domain::{Facet, OwnerId, Photo, PhotoId, State};
use jiff::{SignedDuration, Timestamp};

use super::TableError;

/// A DynamoDB item.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Over how many partitions the sparse global indexes are spread.
pub(super) const SHARDS: u8 = 4;

/// How long a tombstone stays for those who follow the changes feed.
const TOMBSTONE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The item of a record.
pub(super) fn item(photo: &Photo) -> Result<Item, TableError> {
    let mut item: Item =
        serde_dynamo::to_item(photo).map_err(|error| TableError::new("serialize", error))?;
    let mut set =
        |name: &str, value: String| item.insert(name.to_owned(), AttributeValue::S(value));
    set("upload_date", sortable(photo.upload_date));
    set("changed_at", sortable(photo.changed_at));
    if let Some(date) = photo.sort_date() {
        set("sort_date", date.as_str().to_owned());
        set("shown_upload_date", sortable(photo.upload_date));
    }
    let shard = photo.id.shard(SHARDS);
    if let Some((backlog, since)) = backlog(photo) {
        set("pending_shard", backlog.partition(shard));
        set("pending_since", sortable(since));
    }
    if photo.state == State::Live {
        set_failure(&mut set, "thumbnails", &photo.thumbnails, shard);
        set_failure(&mut set, "metadata", &photo.metadata, shard);
    }
    match photo.trashed_at {
        Some(at) if photo.state == State::Trashed => set("trashed_at", sortable(at)),
        _ => item.remove("trashed_at"),
    };
    if photo.state == State::Deleted {
        let expires = photo
            .changed_at
            .saturating_add(TOMBSTONE)
            .unwrap_or(Timestamp::MAX)
            .as_second();
        item.insert(
            "expires_at".to_owned(),
            AttributeValue::N(expires.to_string()),
        );
    }
    Ok(item)
}

/// Why the reconciler has to look at a record again one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backlog {
    /// A stage is not finished.
    Pending,
    /// It is in the trash.
    Trashed,
    /// Its objects are going.
    Deleting,
}

impl Backlog {
    /// The partition of one shard in the index by age.
    pub(super) fn partition(self, shard: u8) -> String {
        match self {
            Self::Pending => shard.to_string(),
            Self::Trashed => format!("trashed#{shard}"),
            Self::Deleting => format!("deleting#{shard}"),
        }
    }
}

fn backlog(photo: &Photo) -> Option<(Backlog, Timestamp)> {
    match photo.state {
        State::Live => Some((Backlog::Pending, photo.pending_since()?)),
        State::Trashed => Some((Backlog::Trashed, photo.trashed_at?)),
        State::Deleting => Some((Backlog::Deleting, photo.changed_at)),
        State::Deleted => None,
    }
}

fn set_failure<T>(
    set: &mut impl FnMut(&str, String) -> Option<AttributeValue>,
    stage: &str,
    facet: &Facet<T>,
    shard: u8,
) {
    if let Some((failure, _, at)) = facet.failure() {
        set(
            &format!("{stage}_failure"),
            format!("{}#{shard}", failure.code),
        );
        set(&format!("{stage}_failed_at"), sortable(at));
    }
}

/// Reads a record from its item.
pub(super) fn photo(item: Item) -> Result<Photo, TableError> {
    serde_dynamo::from_item(item).map_err(|error| TableError::new("deserialize", error))
}

/// The primary key of a record.
pub(super) fn key(owner: &OwnerId, id: PhotoId) -> Item {
    HashMap::from([
        ("user_id".to_owned(), AttributeValue::S(owner.to_string())),
        ("id".to_owned(), AttributeValue::S(id.to_string())),
    ])
}

/// A moment as text of fixed width, so that it sorts: with fewer digits
/// `:00.5Z` would come before `:00Z`.
pub(super) fn sortable(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// A string attribute's value.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudalbum_domain::{MediaType, NewPhoto, Sha256, TraceContext};

    fn pending() -> Photo {
        let new = NewPhoto {
            owner: "ann".parse().unwrap(),
            sha256: Sha256::of(b"1"),
            content_type: MediaType::Jpeg,
            filesize: 1,
            filename: "a.jpg".to_owned().try_into().unwrap(),
            tags: vec!["x".to_owned()].try_into().unwrap(),
            description: "d".to_owned().try_into().unwrap(),
            modified_at: None,
            trace_context: TraceContext::mint(1, [2; 12], [3; 8], true),
        };
        new.pending("2026-01-02T03:04:05.6Z".parse().unwrap())
    }

    #[test]
    fn a_record_survives_its_item() {
        let pending = pending();
        let item = item(&pending).unwrap();
        assert_eq!(item["changed_at"], text("2026-01-02T03:04:05.600Z"));
        assert!(item.contains_key("pending_since"));
        assert!(
            !item.contains_key("sort_date"),
            "an upload that has not arrived is not in the album"
        );
        assert!(!item.contains_key("city"), "what is not known is absent");
        assert_eq!(photo(item).unwrap(), pending);
    }

    #[test]
    fn only_the_trash_is_in_the_index_of_the_trash() {
        let trashed = pending()
            .trash("2026-01-02T03:04:06Z".parse().unwrap())
            .unwrap();
        assert!(item(&trashed).unwrap().contains_key("trashed_at"));
        let deleting = trashed
            .delete("2026-01-02T03:04:07Z".parse().unwrap())
            .unwrap();
        assert!(!item(&deleting).unwrap().contains_key("trashed_at"));
    }
}
