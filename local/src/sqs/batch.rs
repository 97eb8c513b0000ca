//! The rules that every batch call shares.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::fault::Fault;

const MOST_ENTRIES: usize = 10;

/// Refuses a batch whose entries cannot be told apart or are too many.
pub(super) fn check<'a>(ids: impl ExactSizeIterator<Item = &'a String>) -> Result<(), Fault> {
    match ids.len() {
        0 => return Err(Fault::EmptyBatchRequest),
        1..=MOST_ENTRIES => {}
        more => return Err(Fault::TooManyEntriesInBatchRequest(more)),
    }
    let mut seen = HashSet::new();
    for id in ids {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 80 || !id.chars().all(legal) {
            return Err(Fault::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(Fault::BatchEntryIdsNotDistinct(id.clone()));
        }
    }
    Ok(())
}

/// What became of each entry.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outcome {
    successful: Vec<Value>,
    failed: Vec<Value>,
}

impl Outcome {
    /// Sorts an entry under successful or failed; an internal error fails the whole batch.
    pub(super) fn add(&mut self, id: &str, result: Result<Value, Fault>) -> Result<(), Fault> {
        match result {
            Ok(mut answer) => {
                if let Some(fields) = answer.as_object_mut() {
                    fields.insert("Id".to_owned(), json!(id));
                }
                self.successful.push(answer);
            }
            Err(fault) if fault.is_sender_fault() => self.failed.push(json!({
                "Id": id,
                "SenderFault": true,
                "Code": fault.code(),
                "Message": fault.to_string(),
            })),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}
