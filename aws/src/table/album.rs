//! Pages of the album and of the trash.

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_domain::{OwnerId, Photo, PhotoId};
use serde::{Deserialize, Serialize};

use super::item::{Item, key, photo, text};
use super::schema::{BY_SORT_DATE, BY_TRASHED_AT, BY_UPLOAD_DATE};
use super::{Table, TableError};

/// How a page is ordered, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By the date taken, else the file's, else the upload's.
    Taken,
    /// By upload.
    Uploaded,
    /// The trash, by when it was put there.
    Trashed,
}

impl Order {
    fn index(self) -> (&'static str, &'static str) {
        match self {
            Self::Taken => (BY_SORT_DATE, "sort_date"),
            Self::Uploaded => (BY_UPLOAD_DATE, "shown_upload_date"),
            Self::Trashed => (BY_TRASHED_AT, "trashed_at"),
        }
    }
}

/// The last photo of a page, after which the next page starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCursor {
    /// Its value in the index.
    pub at: String,
    /// Which photo.
    pub id: PhotoId,
}

/// A page of photos.
#[derive(Debug)]
pub struct Page {
    /// Newest first.
    pub photos: Vec<Photo>,
    /// Where the next page starts.
    pub next: Option<PageCursor>,
}

impl Table {
    /// Reads one page: one `Query` of an index that holds nothing else.
    ///
    /// `from` and `to` bound the index's date, both included, as text.
    pub async fn page(
        &self,
        owner: &OwnerId,
        order: Order,
        from: Option<&str>,
        to: Option<&str>,
        after: Option<&PageCursor>,
        limit: u16,
    ) -> Result<Page, TableError> {
        let (index, date) = order.index();
        let start = after.map(|cursor| {
            let mut start: Item = key(owner, cursor.id);
            start.insert(date.to_owned(), text(&*cursor.at));
            start
        });
        let answer = self
            .client
            .query()
            .table_name(&self.names.photo)
            .index_name(index)
            .key_condition_expression("user_id = :owner AND #date BETWEEN :from AND :to")
            .expression_attribute_names("#date", date)
            .expression_attribute_values(":owner", text(owner.as_str()))
            .expression_attribute_values(":from", text(from.unwrap_or("0")))
            // `~` comes after every digit and letter of a date.
            .expression_attribute_values(
                ":to",
                text(to.map_or_else(|| "~".to_owned(), |to| format!("{to}~"))),
            )
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::from(limit))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| TableError::new("Query", error))?;
        let next = answer
            .last_evaluated_key
            .as_ref()
            .and_then(|last| cursor(last, date));
        let photos = answer
            .items
            .into_iter()
            .flatten()
            .map(photo)
            .collect::<Result<_, _>>()?;
        Ok(Page { photos, next })
    }
}

fn cursor(last: &Item, date: &str) -> Option<PageCursor> {
    let field = |name: &str| {
        last.get(name)
            .and_then(|value: &AttributeValue| value.as_s().ok())
    };
    Some(PageCursor {
        at: field(date)?.clone(),
        id: field("id")?.parse().ok()?,
    })
}
