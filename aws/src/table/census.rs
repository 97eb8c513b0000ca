//! Counting everything: every record, and every owner's quota counter.

use cloudalbum_domain::{OriginalKey, Photo};

use super::item::{Item, key, photo};
use super::users::account;
use super::{Table, TableError};

impl Table {
    /// Shows `see` every record, tombstones included, each once. A record that
    /// changes meanwhile is seen as it was or as it is.
    ///
    /// This reads the whole table: a read unit for each 8 KB of it.
    pub async fn census(&self, mut see: impl FnMut(Photo)) -> Result<(), TableError> {
        let mut start = None;
        loop {
            let (items, next) = self.scan(&self.names.photo, None, start).await?;
            for item in items {
                see(photo(item)?);
            }
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }

    /// At most `limit` records after `after`, tombstones included, and where to
    /// go on. Each record is met once by a walk, in no order.
    pub async fn some(
        &self,
        after: Option<&OriginalKey>,
        limit: u16,
    ) -> Result<(Vec<Photo>, Option<OriginalKey>), TableError> {
        let call = self
            .client
            .scan()
            .table_name(&self.names.photo)
            .limit(i32::from(limit))
            .set_exclusive_start_key(after.map(|after| key(&after.owner, after.photo)));
        let answer = call
            .send()
            .await
            .map_err(|error| TableError::new("Scan", error))?;
        let items = answer.items.unwrap_or_default();
        let photos: Vec<Photo> = items
            .into_iter()
            .map(photo)
            .collect::<Result<_, TableError>>()?;
        let more = answer.last_evaluated_key.is_some_and(|key| !key.is_empty());
        // Nothing is filtered: the last record of the page is the last one read.
        let next = photos.last().filter(|_| more).map(Photo::original);
        Ok((photos, next))
    }

    /// How many photos all quota counters together say there are: counted apart
    /// from the records, by whoever grants and purges.
    pub async fn ledger(&self) -> Result<u64, TableError> {
        let (mut start, mut total) = (None, 0_u64);
        loop {
            let only = Some("photos_used");
            let (items, next) = self.scan(&self.names.user, only, start).await?;
            let used = items.iter().map(|item| account(item).usage.photos);
            total = used.fold(total, u64::saturating_add);
            if next.is_none() {
                return Ok(total);
            }
            start = next;
        }
    }

    async fn scan(
        &self,
        table: &str,
        only: Option<&str>,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), TableError> {
        let call = self
            .client
            .scan()
            .table_name(table)
            .set_projection_expression(only.map(str::to_owned))
            .set_exclusive_start_key(start);
        let answer = call
            .send()
            .await
            .map_err(|error| TableError::new("Scan", error))?;
        let next = answer.last_evaluated_key.filter(|key| !key.is_empty());
        Ok((answer.items.unwrap_or_default(), next))
    }
}
