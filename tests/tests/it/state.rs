//! Everything that an album keeps of one owner, checked against itself and in
//! a form that two runs of the same history share.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_aws::table::Counted;
use cloudalbum_domain::{IndexEntry, Photo, RenditionKey, Sha256, State, index_entries};
use serde_json::Value;

use crate::household::{Household, Person};

/// Attributes of a record that two runs of one history need not share: whose
/// it is, when and how often something was done, and what was only tried.
const VOLATILE: [&str; 19] = [
    "user_id",
    "id",
    "version",
    "changed_at",
    "upload_date",
    "trace_context",
    "trashed_at",
    "times",
    "awaited",
    "thumbnails_attempts",
    "metadata_attempts",
    "thumbnails_error",
    "metadata_error",
    "requeues",
    "removing_since",
    "generation",
    "at",
    "since",
    "attempts",
];

/// Records by the hash of their bytes, without what is volatile; and the hash
/// of each object by its photo's hash and its name.
#[derive(Debug, PartialEq)]
pub(crate) struct Kept {
    records: BTreeMap<String, Value>,
    objects: BTreeMap<(String, String), Sha256>,
}

impl Kept {
    /// Where in its life each photo is.
    pub(crate) fn states(&self) -> BTreeMap<String, State> {
        let state = |record: &Value| serde_json::from_value(record["state"].clone()).unwrap();
        let states = self.records.iter();
        states
            .map(|(photo, record)| (photo.clone(), state(record)))
            .collect()
    }
}

impl Household {
    pub(crate) async fn records(&self, person: &Person) -> Vec<Photo> {
        let (owner, table) = (self.owner(person).await, self.table().await);
        let mut photos = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = table.records(&owner, after).await.unwrap();
            photos.extend(page);
            after = next;
            if after.is_none() {
                return photos;
            }
        }
    }

    /// Checks that counters, index items and objects are those that the
    /// records call for, and that every record is final.
    pub(crate) async fn kept(&self, person: &Person) -> Kept {
        let photos = self.records(person).await;
        for photo in &photos {
            let waits = photo.pending_since().is_some() || photo.state == State::Deleting;
            assert!(!waits, "not final: {photo:?}");
        }
        self.check_counters(person, &photos).await;
        self.check_index(person, &photos).await;
        let objects = self.check_objects(&photos).await;
        let record = |photo: &Photo| {
            let mut value = serde_json::to_value(photo).unwrap();
            // A tombstone tells no more than that there was a photo.
            if photo.state == State::Deleted {
                value = serde_json::json!({ "state": "deleted" });
            }
            strip(&mut value);
            (photo.sha256.to_string(), value)
        };
        Kept {
            records: photos.iter().map(record).collect(),
            objects,
        }
    }

    async fn check_counters(&self, person: &Person, photos: &[Photo]) {
        let held = photos.iter().filter(|photo| photo.state != State::Deleted);
        let sum = held.fold(Counted::default(), |sum, photo| Counted {
            bytes: sum.bytes + i128::from(photo.filesize),
            photos: sum.photos + 1,
        });
        let owner = self.owner(person).await;
        let counted = self.table().await.counted(&owner).await.unwrap();
        assert_eq!(counted, sum, "quota");
    }

    async fn check_index(&self, person: &Person, photos: &[Photo]) {
        let owner = self.owner(person).await;
        let mut called_for = BTreeSet::new();
        let mut tiles: BTreeMap<String, i128> = BTreeMap::new();
        for entry in photos.iter().flat_map(index_entries) {
            match entry {
                IndexEntry::Tile { entry } => *tiles.entry(entry).or_default() += 1,
                entry => {
                    called_for.insert(entry.sort_key().to_owned());
                }
            }
        }
        let dynamodb = self.clients().await.dynamodb();
        let items = dynamodb
            .query()
            .table_name("PhotoIndex")
            .key_condition_expression("user_id = :owner")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_string()))
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .unwrap();
        let entries = items
            .iter()
            .map(|item| item["entry"].as_s().unwrap().clone());
        let found: BTreeSet<String> = entries.filter(|entry| !entry.starts_with("c#")).collect();
        assert_eq!(found, called_for, "index items");
        let mut counts = self.table().await.tile_counts(&owner).await.unwrap();
        counts.retain(|_, count| *count != 0);
        assert_eq!(counts, tiles, "map counters");
    }

    async fn check_objects(&self, photos: &[Photo]) -> BTreeMap<(String, String), Sha256> {
        let mut called_for = BTreeMap::new();
        for photo in photos.iter().filter(|photo| photo.state != State::Deleted) {
            let sha256 = photo.sha256.to_string();
            let original = (sha256.clone(), "original".to_owned());
            called_for.insert(photo.original().to_string(), original);
            let thumbnails = photo.thumbnails.shown();
            for rendition in thumbnails.iter().flat_map(|done| &done.renditions) {
                let key = RenditionKey {
                    owner: photo.owner.clone(),
                    photo: photo.id,
                    recipe: thumbnails.unwrap().recipe,
                    name: rendition.name.clone(),
                    media_type: rendition.media_type,
                };
                called_for.insert(key.to_string(), (sha256.clone(), rendition.name.clone()));
            }
        }
        // A photo that went to the trash in the middle of its work keeps what was
        // made by then until it is restored or purged.
        let halfway = |photo: &&Photo| photo.thumbnails.pending_since().is_some();
        let halfway = photos.iter().filter(halfway);
        let halfway: Vec<String> = halfway
            .map(|photo| RenditionKey::prefix(&photo.owner, photo.id))
            .collect();
        let mut found: BTreeSet<String> = self.objects().await.into_iter().collect();
        found.retain(|key| !halfway.iter().any(|prefix| key.starts_with(prefix)));
        let keys: BTreeSet<String> = called_for.keys().cloned().collect();
        assert_eq!(found, keys, "objects");
        let s3 = self.clients().await.s3(Some(&self.album.aws));
        let mut objects = BTreeMap::new();
        for (key, name) in called_for {
            let object = s3.get_object().bucket("cloudalbum-photos").key(&key);
            let bytes = object.send().await.unwrap().body.collect().await.unwrap();
            objects.insert(name, Sha256::of(&bytes.into_bytes()));
        }
        objects
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !VOLATILE.contains(&&**name));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
