//! A whole album written at once, where nobody else writes to it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use cloudalbum_domain::{IndexEntry, OwnerId, Photo, PhotoId, index_entries};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::item::{Item, item, text};
use super::{Table, TableError};

/// `BatchWriteItem` takes no more
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>).
const BATCH: usize = 25;
/// Calls under way at a time.
const CALLS: usize = 4;

impl Table {
    /// Writes all of an owner's records with their index items, over what is
    /// there. The map's counts are those of `photos` alone, so they must be
    /// the whole album; quota counters are left to the reconciler.
    pub async fn load(&self, photos: &[Photo]) -> Result<(), TableError> {
        let mut tiles: BTreeMap<(OwnerId, String), (u64, PhotoId)> = BTreeMap::new();
        let mut puts = Vec::new();
        for photo in photos {
            puts.push((&self.names.photo, item(photo)?));
            for entry in index_entries(photo) {
                if let IndexEntry::Tile { entry } = entry {
                    let tile = tiles.entry((photo.owner.clone(), entry));
                    let (count, cover) = tile.or_insert((0, photo.id));
                    (*count, *cover) = (*count + 1, photo.id);
                } else {
                    puts.push((&self.names.index, found_by(&photo.owner, photo.id, &entry)));
                }
            }
        }
        puts.extend(tiles.into_iter().map(|((owner, entry), (count, cover))| {
            let mut item = base(&owner, &entry);
            item.insert("count".to_owned(), AttributeValue::N(count.to_string()));
            item.insert("cover".to_owned(), text(cover.to_string()));
            (&self.names.index, item)
        }));
        let mut batches = Vec::new();
        for chunk in puts.chunks(BATCH) {
            let mut batch: HashMap<String, Vec<WriteRequest>> = HashMap::new();
            for (table, item) in chunk {
                let put = PutRequest::builder().set_item(Some(item.clone())).build();
                let put = put.map_err(|error| TableError::new("BatchWriteItem", error))?;
                let put = WriteRequest::builder().put_request(put).build();
                batch.entry((*table).clone()).or_default().push(put);
            }
            batches.push(batch);
        }
        stream::iter(batches)
            .map(Ok)
            .try_for_each_concurrent(CALLS, |batch| self.write(batch))
            .await
    }

    /// Writes a batch, and again what a throttled table left over.
    async fn write(&self, mut batch: HashMap<String, Vec<WriteRequest>>) -> Result<(), TableError> {
        while !batch.is_empty() {
            let call = self.client.batch_write_item();
            let answer = call.set_request_items(Some(batch)).send().await;
            let answer = answer.map_err(|error| TableError::new("BatchWriteItem", error))?;
            batch = answer.unprocessed_items.unwrap_or_default();
        }
        Ok(())
    }
}

fn base(owner: &OwnerId, entry: &str) -> Item {
    HashMap::from([
        ("user_id".to_owned(), text(owner.as_str())),
        ("entry".to_owned(), text(entry)),
    ])
}

fn found_by(owner: &OwnerId, id: PhotoId, entry: &IndexEntry) -> Item {
    let mut item = base(owner, entry.sort_key());
    item.insert("photo".to_owned(), text(id.to_string()));
    if let IndexEntry::Word { words, .. } = entry {
        let words = words.iter().map(text).collect();
        item.insert("words".to_owned(), AttributeValue::L(words));
    }
    item
}
