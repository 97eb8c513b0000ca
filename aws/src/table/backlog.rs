//! What an operator and the reconciler look for across owners: unfinished
//! photos by age, failures by code.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use cloudalbum_domain::{FailureCode, OriginalKey, Stage};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::item::{Backlog, Item, SHARDS, sortable, text};
use super::schema::{BY_METADATA_FAILURE, BY_PENDING_SINCE, BY_THUMBNAILS_FAILURE};
use super::{Table, TableError};

/// Unfinished photos of one page, oldest first within a shard.
#[derive(Debug)]
pub struct PendingPage {
    /// Which photos, and since when they wait.
    pub photos: Vec<OriginalKey>,
    /// Where to go on.
    pub next: Option<BacklogCursor>,
}

/// Failed photos of one page.
#[derive(Debug)]
pub struct FailurePage {
    /// Which photos.
    pub photos: Vec<OriginalKey>,
    /// Where to go on.
    pub next: Option<BacklogCursor>,
}

/// Where a walk over the shards of a sparse index goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacklogCursor {
    shard: u8,
    /// The last key that was read, if the shard is not at its start.
    after: Option<[String; 4]>,
    /// Leaves out what came later, so that a walk over what it changes ends.
    #[serde(default)]
    until: Option<String>,
}

impl BacklogCursor {
    /// Starts a walk over what was there before `until`.
    pub fn until(until: Timestamp) -> Self {
        Self {
            until: Some(sortable(until)),
            ..Self::default()
        }
    }
}

/// A sparse index and the value of its partition key in one shard.
struct Walk<'a> {
    index: &'static str,
    partition: &'static str,
    sort: &'static str,
    value: &'a (dyn Fn(u8) -> String + Sync),
    until: Option<String>,
}

impl Table {
    /// Photos with an unfinished stage that waits since before `until`.
    pub async fn pending(
        &self,
        until: Timestamp,
        from: BacklogCursor,
        limit: u16,
    ) -> Result<PendingPage, TableError> {
        self.waiting(Backlog::Pending, until, from, limit).await
    }

    /// Photos that went to the trash before `until`.
    pub async fn trashed(
        &self,
        until: Timestamp,
        from: BacklogCursor,
        limit: u16,
    ) -> Result<PendingPage, TableError> {
        self.waiting(Backlog::Trashed, until, from, limit).await
    }

    /// Photos that were claimed for removal before `until`.
    pub async fn deleting(
        &self,
        until: Timestamp,
        from: BacklogCursor,
        limit: u16,
    ) -> Result<PendingPage, TableError> {
        self.waiting(Backlog::Deleting, until, from, limit).await
    }

    async fn waiting(
        &self,
        backlog: Backlog,
        until: Timestamp,
        from: BacklogCursor,
        limit: u16,
    ) -> Result<PendingPage, TableError> {
        let value = |shard| backlog.partition(shard);
        let walk = age_walk(&value, Some(sortable(until)));
        let (photos, next) = self.walk(&walk, from, limit).await?;
        Ok(PendingPage { photos, next })
    }

    /// Photos whose `stage` failed with `code`.
    pub async fn failures(
        &self,
        stage: Stage,
        code: FailureCode,
        from: BacklogCursor,
        limit: u16,
    ) -> Result<FailurePage, TableError> {
        let value = |shard| format!("{code}#{shard}");
        let (photos, next) = self.walk(&failure_walk(stage, &value), from, limit).await?;
        Ok(FailurePage { photos, next })
    }

    /// How many photos have an unfinished stage.
    pub async fn count_pending(&self) -> Result<u64, TableError> {
        let value = |shard| Backlog::Pending.partition(shard);
        self.count_all(&age_walk(&value, None)).await
    }

    /// How many photos' `stage` failed with `code`.
    pub async fn count_failures(&self, stage: Stage, code: FailureCode) -> Result<u64, TableError> {
        let value = |shard| format!("{code}#{shard}");
        self.count_all(&failure_walk(stage, &value)).await
    }

    async fn walk(
        &self,
        walk: &Walk<'_>,
        from: BacklogCursor,
        limit: u16,
    ) -> Result<(Vec<OriginalKey>, Option<BacklogCursor>), TableError> {
        let mut photos = Vec::new();
        let mut cursor = from;
        let until = walk.until.clone().or_else(|| cursor.until.clone());
        while cursor.shard < SHARDS {
            let start = cursor.after.take().map(|after| walk.start(after));
            let call = self
                .query(walk, cursor.shard, until.as_deref())
                .set_exclusive_start_key(start)
                .limit(i32::from(limit));
            let answer = call
                .send()
                .await
                .map_err(|error| TableError::new("Query", error))?;
            photos.extend(answer.items.iter().flatten().filter_map(original));
            match answer.last_evaluated_key {
                Some(last) => cursor.after = walk.cursor(&last),
                None => cursor.shard += 1,
            }
            if photos.len() >= usize::from(limit) {
                break;
            }
        }
        let next = (cursor.shard < SHARDS).then_some(cursor);
        Ok((photos, next))
    }

    async fn count_all(&self, walk: &Walk<'_>) -> Result<u64, TableError> {
        let mut total: u64 = 0;
        for shard in 0..SHARDS {
            let mut start = None;
            loop {
                let call = self
                    .query(walk, shard, walk.until.as_deref())
                    .select(Select::Count)
                    .set_exclusive_start_key(start);
                let answer = call
                    .send()
                    .await
                    .map_err(|error| TableError::new("Query", error))?;
                total += u64::try_from(answer.count).unwrap_or(0);
                start = answer.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(total)
    }

    fn query(
        &self,
        walk: &Walk<'_>,
        shard: u8,
        until: Option<&str>,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let mut call = self
            .client
            .query()
            .table_name(&self.names.photo)
            .index_name(walk.index)
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", walk.partition)
            .expression_attribute_values(":partition", text((walk.value)(shard)));
        if let Some(until) = until {
            call = call
                .key_condition_expression("#partition = :partition AND #sort < :until")
                .expression_attribute_names("#sort", walk.sort)
                .expression_attribute_values(":until", text(until));
        }
        call
    }
}

impl Walk<'_> {
    fn start(&self, after: [String; 4]) -> Item {
        let names = [self.partition, self.sort, "user_id", "id"];
        names
            .iter()
            .map(|name| (*name).to_owned())
            .zip(after.map(AttributeValue::S))
            .collect()
    }

    fn cursor(&self, last: &Item) -> Option<[String; 4]> {
        let field = |name: &str| last.get(name)?.as_s().ok().cloned();
        Some([
            field(self.partition)?,
            field(self.sort)?,
            field("user_id")?,
            field("id")?,
        ])
    }
}

fn age_walk(value: &(dyn Fn(u8) -> String + Sync), until: Option<String>) -> Walk<'_> {
    Walk {
        index: BY_PENDING_SINCE,
        partition: "pending_shard",
        sort: "pending_since",
        value,
        until,
    }
}

fn failure_walk(stage: Stage, value: &(dyn Fn(u8) -> String + Sync)) -> Walk<'_> {
    let (index, partition, sort) = match stage {
        Stage::Thumbnails => (
            BY_THUMBNAILS_FAILURE,
            "thumbnails_failure",
            "thumbnails_failed_at",
        ),
        Stage::Metadata => (
            BY_METADATA_FAILURE,
            "metadata_failure",
            "metadata_failed_at",
        ),
    };
    Walk {
        index,
        partition,
        sort,
        value,
        until: None,
    }
}

fn original(item: &Item) -> Option<OriginalKey> {
    let field = |name: &str| item.get(name)?.as_s().ok();
    Some(OriginalKey {
        owner: field("user_id")?.parse().ok()?,
        photo: field("id")?.parse().ok()?,
    })
}
