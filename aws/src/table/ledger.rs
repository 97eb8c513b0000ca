//! Counters against the records that they count: what the reconciler compares
//! and corrects.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_domain::{OwnerId, Photo, PhotoId};
use jiff::Timestamp;

use super::item::{Item, key, photo, sortable, text};
use super::schema::BY_CHANGED_AT;
use super::users::number;
use super::{Table, TableError};

/// An owner's quota counters as they stand, which may be below zero or absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// In bytes.
    pub bytes: i128,
    /// In photos.
    pub photos: i128,
}

impl Table {
    /// Some of the accounts, in no order, and where to go on.
    pub async fn owners(
        &self,
        after: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<OwnerId>, Option<String>), TableError> {
        let start = after.map(|id| Item::from([("id".to_owned(), text(id))]));
        let call = self
            .client
            .scan()
            .table_name(&self.names.user)
            .projection_expression("id")
            .limit(i32::from(limit));
        let answer = call.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(|error| TableError::new("Scan", error))?;
        let id = |item: &Item| item.get("id")?.as_s().ok().cloned();
        let next = answer.last_evaluated_key.as_ref().and_then(id);
        let owners = answer.items.iter().flatten().filter_map(id);
        Ok((owners.filter_map(|id| id.parse().ok()).collect(), next))
    }

    /// All records of an owner, consistently, a page at a time.
    pub async fn records(
        &self,
        owner: &OwnerId,
        after: Option<PhotoId>,
    ) -> Result<(Vec<Photo>, Option<PhotoId>), TableError> {
        let call = self
            .client
            .query()
            .table_name(&self.names.photo)
            .key_condition_expression("user_id = :owner")
            .expression_attribute_values(":owner", text(owner.as_str()))
            .consistent_read(true);
        let start = after.map(|id| key(owner, id));
        let answer = call.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(|error| TableError::new("Query", error))?;
        let next = answer
            .last_evaluated_key
            .and_then(|last| last.get("id")?.as_s().ok()?.parse().ok());
        let photos: Result<Vec<Photo>, TableError> =
            answer.items.into_iter().flatten().map(photo).collect();
        Ok((photos?, next))
    }

    /// When a record of the owner last changed.
    pub async fn last_change(&self, owner: &OwnerId) -> Result<Option<Timestamp>, TableError> {
        let call = self
            .client
            .query()
            .table_name(&self.names.photo)
            .index_name(BY_CHANGED_AT)
            .key_condition_expression("user_id = :owner")
            .expression_attribute_values(":owner", text(owner.as_str()))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1);
        let answer = call.send().await;
        let answer = answer.map_err(|error| TableError::new("Query", error))?;
        let newest = answer.items.into_iter().flatten().next();
        Ok(newest.map(photo).transpose()?.map(|photo| photo.changed_at))
    }

    /// The owner's quota counters.
    pub async fn counted(&self, owner: &OwnerId) -> Result<Counted, TableError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()))
            .projection_expression("bytes_used, photos_used");
        let answer = call.consistent_read(true).send().await;
        let item = answer
            .map_err(|error| TableError::new("GetItem", error))?
            .item
            .unwrap_or_default();
        Ok(Counted {
            bytes: whole(&item, "bytes_used"),
            photos: whole(&item, "photos_used"),
        })
    }

    /// Sets the quota counters to what was counted, unless they moved since
    /// `quiet_since`: a reservation may be ahead of its record.
    pub async fn correct_usage(
        &self,
        owner: &OwnerId,
        seen: Counted,
        counted: Counted,
        quiet_since: Timestamp,
    ) -> Result<bool, TableError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()))
            .update_expression("ADD bytes_used :bytes, photos_used :photos")
            .condition_expression(
                "(bytes_used = :seen_bytes OR (attribute_not_exists(bytes_used) AND :seen_bytes = :zero)) \
                 AND (photos_used = :seen_photos OR (attribute_not_exists(photos_used) AND :seen_photos = :zero)) \
                 AND (attribute_not_exists(usage_at) OR usage_at < :quiet)",
            )
            .expression_attribute_values(":bytes", number(counted.bytes - seen.bytes))
            .expression_attribute_values(":photos", number(counted.photos - seen.photos))
            .expression_attribute_values(":seen_bytes", number(seen.bytes))
            .expression_attribute_values(":seen_photos", number(seen.photos))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":quiet", text(sortable(quiet_since)));
        applied(call).await
    }

    /// The counts of an owner's map tiles, by their keys.
    pub async fn tile_counts(&self, owner: &OwnerId) -> Result<BTreeMap<String, i128>, TableError> {
        let mut counts = BTreeMap::new();
        let mut start = None;
        loop {
            let call = self
                .client
                .query()
                .table_name(&self.names.index)
                .key_condition_expression("user_id = :owner AND begins_with(entry, :tiles)")
                .expression_attribute_values(":owner", text(owner.as_str()))
                .expression_attribute_values(":tiles", text("c#"))
                .consistent_read(true);
            let answer = call.set_exclusive_start_key(start).send().await;
            let answer = answer.map_err(|error| TableError::new("Query", error))?;
            for item in answer.items.into_iter().flatten() {
                let entry = item.get("entry").and_then(|entry| entry.as_s().ok());
                counts.extend(entry.map(|entry| (entry.clone(), whole(&item, "count"))));
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(counts);
            }
        }
    }

    /// Sets a tile's count to what was counted, unless it moved.
    pub async fn correct_tile(
        &self,
        owner: &OwnerId,
        entry: &str,
        seen: i128,
        counted: i128,
    ) -> Result<bool, TableError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.names.index)
            .key("user_id", text(owner.as_str()))
            .key("entry", text(entry))
            .update_expression("ADD #count :by")
            .condition_expression(
                "#count = :seen OR (attribute_not_exists(#count) AND :seen = :zero)",
            )
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":by", number(counted - seen))
            .expression_attribute_values(":seen", number(seen))
            .expression_attribute_values(":zero", number(0));
        applied(call).await
    }
}

async fn applied(call: UpdateItemFluentBuilder) -> Result<bool, TableError> {
    match call.send().await {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(error))
            if error.err().is_conditional_check_failed_exception() =>
        {
            Ok(false)
        }
        Err(error) => Err(TableError::new("UpdateItem", error)),
    }
}

fn whole(item: &Item, name: &str) -> i128 {
    let value = item.get(name).map(AttributeValue::as_n);
    value
        .and_then(|number| number.ok()?.parse().ok())
        .unwrap_or(0)
}
