//! The tables `Photo`, `PhotoIndex`, `User` and `Session` in DynamoDB.
//!
//! Every change of a record goes through [`Table::transition`]: a pure
//! function of the domain makes the next version, and the write is conditional
//! on the version it was made from, together with the index items that differ.

mod admit;
mod album;
mod area;
mod backlog;
mod census;
mod changes;
mod claim;
mod item;
mod ledger;
mod load;
mod map;
mod ops;
mod rate;
mod record;
mod schema;
mod search;
mod setback;
mod transition;
mod users;

pub use album::{Order, Page, PageCursor};
pub use area::{AreaCursor, AreaPage};
pub use backlog::{BacklogCursor, FailurePage, PendingPage};
pub use changes::{ChangesCursor, ChangesPage};
pub use claim::{Claim, ClaimError};
pub use ledger::Counted;
pub use map::{Area, MapTile};
pub use ops::{Audit, AuditCursor, Pause};
pub use rate::Allowance;
pub use schema::Names;
pub use search::{SearchCursor, SearchPage};
pub use transition::TransitionError;
pub use users::{Account, Usage};

use std::error::Error as StdError;

/// The tables, through one client.
#[derive(Clone, Debug)]
pub struct Table {
    client: aws_sdk_dynamodb::Client,
    names: Names,
}

impl Table {
    /// The tables whose names start with `prefix`.
    pub fn new(client: aws_sdk_dynamodb::Client, prefix: &str) -> Self {
        Self {
            client,
            names: Names::new(prefix),
        }
    }

    /// The tables' names.
    pub fn names(&self) -> &Names {
        &self.names
    }
}

/// DynamoDB could not be asked or gave an answer that makes no sense. Always
/// worth another try later.
#[derive(Debug, thiserror::Error)]
#[error("table unavailable: {call}")]
pub struct TableError {
    /// Which call failed.
    pub call: &'static str,
    #[source]
    source: Box<dyn StdError + Send + Sync>,
}

impl TableError {
    /// Wraps what an SDK call or a conversion reported.
    pub(crate) fn new(
        call: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            call,
            source: source.into(),
        }
    }
}
