//! Committing the next version of a record together with its index items.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use cloudalbum_domain::{IndexEntry, OwnerId, Photo, PhotoId, Refused, index_entries};

use super::item::{Item, item, key, photo, text};
use super::{Table, TableError};

/// How often a commit is made again when others were faster.
const ATTEMPTS: usize = 16;

/// Why a record was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// There is no such record.
    #[error("no such photo")]
    Unknown,
    /// The record is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl Table {
    /// Reads a record and commits what `next` makes of it, again and again
    /// while others are faster.
    pub async fn transition<F>(
        &self,
        owner: &OwnerId,
        id: PhotoId,
        next: F,
    ) -> Result<Photo, TransitionError>
    where
        F: FnMut(&Photo) -> Result<Photo, Refused>,
    {
        let current = self.get(owner, id).await?.ok_or(TransitionError::Unknown)?;
        self.transition_from(current, next).await
    }

    /// Like [`Table::transition`], from a record that was read before.
    pub async fn transition_from<F>(
        &self,
        mut current: Photo,
        mut next: F,
    ) -> Result<Photo, TransitionError>
    where
        F: FnMut(&Photo) -> Result<Photo, Refused>,
    {
        for _ in 0..ATTEMPTS {
            let after = next(&current)?;
            match self.commit(&current, &after).await? {
                Commit::Done => return Ok(after),
                Commit::Outrun(Some(photo)) => current = *photo,
                Commit::Outrun(None) => {
                    current = self
                        .get(&current.owner, current.id)
                        .await?
                        .ok_or(TransitionError::Unknown)?;
                }
            }
        }
        Err(TableError::new("TransactWriteItems", "others kept changing the record").into())
    }

    async fn commit(&self, before: &Photo, after: &Photo) -> Result<Commit, TableError> {
        let (old, new) = (index_entries(before), index_entries(after));
        let change = Change::between(&item(before)?, item(after)?);
        if old == new {
            return self.update(before, change).await;
        }
        let mut call = self
            .client
            .transact_write_items()
            .transact_items(self.transact_update(before, change)?);
        for entry in new.difference(&old) {
            call = call.transact_items(self.add(&before.owner, before.id, entry)?);
        }
        let kept: Vec<&str> = new.iter().map(IndexEntry::sort_key).collect();
        for entry in old
            .difference(&new)
            .filter(|entry| !kept.contains(&entry.sort_key()))
        {
            call = call.transact_items(self.remove(&before.owner, entry)?);
        }
        match call.send().await {
            Ok(_) => Ok(Commit::Done),
            Err(error) => outrun(error),
        }
    }

    async fn update(&self, before: &Photo, change: Change) -> Result<Commit, TableError> {
        let mut call = self
            .client
            .update_item()
            .table_name(&self.names.photo)
            .set_key(Some(key(&before.owner, before.id)))
            .update_expression(change.expression)
            .condition_expression(CONDITION)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        call = call
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values));
        match call.send().await {
            Ok(_) => Ok(Commit::Done),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => outrun_by(failed.item),
                error => Err(TableError::new("UpdateItem", error)),
            },
            Err(error) => Err(TableError::new("UpdateItem", error)),
        }
    }

    fn transact_update(
        &self,
        before: &Photo,
        change: Change,
    ) -> Result<TransactWriteItem, TableError> {
        let update = Update::builder()
            .table_name(&self.names.photo)
            .set_key(Some(key(&before.owner, before.id)))
            .update_expression(change.expression)
            .condition_expression(CONDITION)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = update
            .build()
            .map_err(|error| TableError::new("TransactWriteItems", error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The write of one more index item.
    pub(super) fn add(
        &self,
        owner: &OwnerId,
        id: PhotoId,
        entry: &IndexEntry,
    ) -> Result<TransactWriteItem, TableError> {
        if matches!(entry, IndexEntry::Tile { .. }) {
            return self.count(owner, entry, "1", Some(id));
        }
        let mut put = Put::builder()
            .table_name(&self.names.index)
            .item("user_id", text(owner.as_str()))
            .item("entry", text(entry.sort_key()))
            .item("photo", text(id.to_string()));
        if let IndexEntry::Word { words, .. } = entry {
            put = put.item(
                "words",
                AttributeValue::L(words.iter().map(text_of).collect()),
            );
        }
        let put = put
            .build()
            .map_err(|error| TableError::new("TransactWriteItems", error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn remove(&self, owner: &OwnerId, entry: &IndexEntry) -> Result<TransactWriteItem, TableError> {
        if matches!(entry, IndexEntry::Tile { .. }) {
            return self.count(owner, entry, "-1", None);
        }
        let delete = Delete::builder()
            .table_name(&self.names.index)
            .key("user_id", text(owner.as_str()))
            .key("entry", text(entry.sort_key()));
        let delete = delete
            .build()
            .map_err(|error| TableError::new("TransactWriteItems", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Counts a photo in or out of a tile, whose cover is the last one in.
    fn count(
        &self,
        owner: &OwnerId,
        entry: &IndexEntry,
        by: &str,
        cover: Option<PhotoId>,
    ) -> Result<TransactWriteItem, TableError> {
        let mut update = Update::builder()
            .table_name(&self.names.index)
            .key("user_id", text(owner.as_str()))
            .key("entry", text(entry.sort_key()))
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":by", AttributeValue::N(by.to_owned()));
        update = match cover {
            Some(id) => update
                .update_expression("ADD #count :by SET cover = :cover")
                .expression_attribute_values(":cover", text(id.to_string())),
            None => update.update_expression("ADD #count :by"),
        };
        let update = update
            .build()
            .map_err(|error| TableError::new("TransactWriteItems", error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

const CONDITION: &str = "#version = :from_version";

enum Commit {
    Done,
    /// Somebody else was faster; the record is like this now, if it was told.
    Outrun(Option<Box<Photo>>),
}

fn outrun<R>(error: SdkError<TransactWriteItemsError, R>) -> Result<Commit, TableError>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return Err(TableError::new("TransactWriteItems", error));
    };
    let reasons = cancelled.cancellation_reasons();
    if let Some(first) = reasons
        .first()
        .filter(|reason| reason.code() == Some("ConditionalCheckFailed"))
    {
        return outrun_by(first.item.clone());
    }
    // A neighbour is writing one of the items right now.
    if reasons
        .iter()
        .any(|reason| reason.code() == Some("TransactionConflict"))
    {
        return Ok(Commit::Outrun(None));
    }
    Err(TableError::new("TransactWriteItems", error))
}

fn outrun_by(item: Option<Item>) -> Result<Commit, TableError> {
    Ok(Commit::Outrun(
        item.filter(|item| !item.is_empty())
            .map(photo)
            .transpose()?
            .map(Box::new),
    ))
}

/// An update expression that turns one item into another. Attributes that are
/// alike are not named, so that a claim's count of attempts, which is no new
/// version, is not lost.
struct Change {
    expression: String,
    names: std::collections::HashMap<String, String>,
    values: Item,
}

impl Change {
    fn between(before: &Item, after: Item) -> Self {
        let mut names =
            std::collections::HashMap::from([("#version".to_owned(), "version".to_owned())]);
        let mut values = Item::new();
        values.extend(
            before
                .get("version")
                .map(|version| (":from_version".to_owned(), version.clone())),
        );
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            remove.push(placeholder(&mut names, name));
        }
        for (name, value) in after {
            if before.get(&name) != Some(&value) {
                let placeholder = placeholder(&mut names, &name);
                let bind = placeholder.replace('#', ":");
                set.push(format!("{placeholder} = {bind}"));
                values.insert(bind, value);
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        Self {
            expression,
            names,
            values,
        }
    }
}

fn placeholder(names: &mut std::collections::HashMap<String, String>, name: &str) -> String {
    let placeholder = format!("#{name}");
    names.insert(placeholder.clone(), name.to_owned());
    placeholder
}

fn text_of(word: &String) -> AttributeValue {
    text(word)
}
