//! Search: photos that have all the words, the last of them as a prefix.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_domain::{OwnerId, PhotoId};
use serde::{Deserialize, Serialize};

use super::item::{Item, text};
use super::{Table, TableError};

/// How many entries one `Query` reads.
const ENTRIES: i32 = 1_000;
/// How many `Query` calls one page may take.
const QUERIES: usize = 4;
/// How many entries decide which word is the rarest.
const PROBE: i32 = 200;

/// A page of found photos.
#[derive(Debug)]
pub struct SearchPage {
    /// What was found, newest first within a word.
    pub ids: Vec<PhotoId>,
    /// Where the next page starts.
    pub next: Option<SearchCursor>,
}

/// The last entry that was read, and the word whose entries are being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchCursor {
    word: usize,
    entry: String,
}

impl Table {
    /// Finds photos by folded `words`, which must not be empty.
    ///
    /// Each entry carries all words of its photo, so the entries of the
    /// rarest word are read and the other words are looked for in them: the
    /// work is bounded by [`QUERIES`], not by the album.
    pub async fn search(
        &self,
        owner: &OwnerId,
        words: &[String],
        after: Option<&SearchCursor>,
        limit: usize,
    ) -> Result<SearchPage, TableError> {
        let rarest = match after {
            Some(cursor) => cursor.word.min(words.len().saturating_sub(1)),
            None => self.rarest(owner, words).await?,
        };
        let Some(word) = words.get(rarest) else {
            return Ok(SearchPage {
                ids: Vec::new(),
                next: None,
            });
        };
        let prefix = prefix(word, rarest + 1 == words.len());
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut start = after.map(|cursor| start(owner, &cursor.entry));
        for _ in 0..QUERIES {
            let answer = self.entries(owner, &prefix, start.take(), ENTRIES).await?;
            for item in answer.items.iter().flatten() {
                let Some((entry, id)) = named(item) else {
                    continue;
                };
                if matches(item, words) && seen.insert(id) {
                    found.push(id);
                }
                if found.len() == limit {
                    let next = Some(SearchCursor {
                        word: rarest,
                        entry: entry.to_owned(),
                    });
                    return Ok(SearchPage { ids: found, next });
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(SearchPage {
                    ids: found,
                    next: None,
                });
            }
        }
        let entry = start
            .as_ref()
            .and_then(|key| key.get("entry")?.as_s().ok().cloned());
        Ok(SearchPage {
            ids: found,
            next: entry.map(|entry| SearchCursor {
                word: rarest,
                entry,
            }),
        })
    }

    /// Which word has the fewest entries, as far as a probe tells.
    async fn rarest(&self, owner: &OwnerId, words: &[String]) -> Result<usize, TableError> {
        if words.len() < 2 {
            return Ok(0);
        }
        let probes = words.iter().enumerate().map(async |(position, word)| {
            let answer = self
                .entries(
                    owner,
                    &prefix(word, position + 1 == words.len()),
                    None,
                    PROBE,
                )
                .await?;
            Ok::<_, TableError>((answer.count, position))
        });
        let counts = futures::future::try_join_all(probes).await?;
        Ok(counts.into_iter().min().map_or(0, |(_, position)| position))
    }

    async fn entries(
        &self,
        owner: &OwnerId,
        prefix: &str,
        start: Option<Item>,
        limit: i32,
    ) -> Result<aws_sdk_dynamodb::operation::query::QueryOutput, TableError> {
        let call = self
            .client
            .query()
            .table_name(&self.names.index)
            .key_condition_expression("user_id = :owner AND begins_with(entry, :prefix)")
            .expression_attribute_values(":owner", text(owner.as_str()))
            .expression_attribute_values(":prefix", text(prefix))
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(start);
        call.send()
            .await
            .map_err(|error| TableError::new("Query", error))
    }
}

fn prefix(word: &str, last: bool) -> String {
    if last {
        format!("w#{word}")
    } else {
        format!("w#{word}#")
    }
}

fn start(owner: &OwnerId, entry: &str) -> Item {
    Item::from([
        ("user_id".to_owned(), text(owner.as_str())),
        ("entry".to_owned(), text(entry)),
    ])
}

fn named(item: &Item) -> Option<(&str, PhotoId)> {
    let entry = item.get("entry")?.as_s().ok()?;
    Some((entry, item.get("photo")?.as_s().ok()?.parse().ok()?))
}

/// Whether an entry's photo has every word, the last as a prefix.
fn matches(item: &Item, words: &[String]) -> bool {
    let Some(AttributeValue::L(has)) = item.get("words") else {
        return false;
    };
    let has = |test: &dyn Fn(&str) -> bool| {
        has.iter()
            .filter_map(|word| word.as_s().ok())
            .any(|word| test(word))
    };
    words.iter().enumerate().all(|(position, word)| {
        if position + 1 == words.len() {
            has(&|w| w.starts_with(&**word))
        } else {
            has(&|w| w == word)
        }
    })
}
