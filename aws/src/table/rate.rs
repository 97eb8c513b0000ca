//! How many upload URLs an owner may have a minute, counted on the account.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use cloudalbum_domain::OwnerId;
use jiff::Timestamp;

use super::item::{Item, text};
use super::{Table, TableError};

/// How long a window is, in seconds.
const WINDOW: i64 = 60;
/// How often the count is tried again when others count at the same time.
const ATTEMPTS: usize = 16;

/// What an owner may have of what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Zero, or between the least and the most that was wanted.
    pub granted: u64,
    /// What is left of this window.
    pub left: u64,
    /// Until the next window, in seconds.
    pub resets_in: u32,
}

impl Table {
    /// Takes `most` URLs of the owner's `limit` a minute, or as many as are
    /// left if those are at least `least`. Each step is one conditional write,
    /// so parallel calls never exceed the limit.
    pub async fn take_urls(
        &self,
        owner: &OwnerId,
        least: u64,
        most: u64,
        limit: u64,
        now: Timestamp,
    ) -> Result<Allowance, TableError> {
        let mut window = now.as_second().div_euclid(WINDOW);
        let mut wanted = most.min(limit);
        for _ in 0..ATTEMPTS {
            let mut used = 0;
            if wanted > 0 && wanted >= least {
                match self.count_urls(owner, window, wanted, limit).await? {
                    Counted::Added(total) => {
                        return Ok(allowance(wanted, limit.saturating_sub(total), window, now));
                    }
                    // Another process's clock is ahead of ours.
                    Counted::Other(found) if found > window => {
                        window = found;
                        continue;
                    }
                    Counted::Other(_) => {
                        if self.open_window(owner, window, wanted).await? {
                            return Ok(allowance(wanted, limit - wanted, window, now));
                        }
                        continue;
                    }
                    Counted::Full(found) => used = found,
                }
            }
            let left = limit.saturating_sub(used);
            if left == 0 || left < least {
                return Ok(allowance(0, left, window, now));
            }
            wanted = wanted.min(left);
        }
        Err(TableError::new("UpdateItem", "others kept counting"))
    }

    async fn count_urls(
        &self,
        owner: &OwnerId,
        window: i64,
        wanted: u64,
        limit: u64,
    ) -> Result<Counted, TableError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()))
            .update_expression("ADD urls_used :wanted")
            .condition_expression("urls_window = :window AND urls_used <= :most")
            .expression_attribute_values(":wanted", number(wanted))
            .expression_attribute_values(":window", number(window))
            .expression_attribute_values(":most", number(limit.saturating_sub(wanted)))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(answer) => Ok(Counted::Added(read(
                answer.attributes.as_ref(),
                "urls_used",
            ))),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    let found = i64::try_from(read(failed.item.as_ref(), "urls_window"));
                    let found = found.unwrap_or(0);
                    Ok(if found == window {
                        Counted::Full(read(failed.item.as_ref(), "urls_used"))
                    } else {
                        Counted::Other(found)
                    })
                }
                error => Err(TableError::new("UpdateItem", error)),
            },
            Err(error) => Err(TableError::new("UpdateItem", error)),
        }
    }

    /// Begins a window with `wanted`; `false` when somebody else began it.
    async fn open_window(
        &self,
        owner: &OwnerId,
        window: i64,
        wanted: u64,
    ) -> Result<bool, TableError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.names.user)
            .key("id", text(owner.as_str()))
            .update_expression("SET urls_window = :window, urls_used = :wanted")
            .condition_expression("attribute_not_exists(urls_window) OR urls_window < :window")
            .expression_attribute_values(":wanted", number(wanted))
            .expression_attribute_values(":window", number(window));
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
}

enum Counted {
    /// So many are used now.
    Added(u64),
    /// So many were used: not enough is left.
    Full(u64),
    /// The account counts another window.
    Other(i64),
}

fn allowance(granted: u64, left: u64, window: i64, now: Timestamp) -> Allowance {
    let end = (window + 1) * WINDOW;
    let resets_in = u32::try_from(end - now.as_second()).unwrap_or(1).max(1);
    Allowance {
        granted,
        left,
        resets_in,
    }
}

fn read(item: Option<&Item>, name: &str) -> u64 {
    item.and_then(|item| item.get(name)?.as_n().ok()?.parse().ok())
        .unwrap_or(0)
}

fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(format!("{value}"))
}
