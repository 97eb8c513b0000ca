//! Following the changes feed: until photos are final, or for as long as one watches.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use cloudalbum_domain::Status;
use cloudalbum_domain::wire::{Change, Changes};
use tokio::time::Instant;

use crate::api::{Api, ApiError};
use crate::args::Settings;
use crate::terminal::{Terminal, plain};

/// How long the service may hold an answer back until something changes, in seconds.
const WAIT: &str = "20";

/// A reader of the feed, with its place in it.
pub(crate) struct Feed<'a> {
    api: &'a Api,
    cursor: Option<String>,
}

impl<'a> Feed<'a> {
    pub(crate) fn new(api: &'a Api) -> Self {
        Self { api, cursor: None }
    }

    /// The next changes, and how long to wait before asking for more.
    pub(crate) async fn next(&mut self) -> Result<(Vec<Change>, Option<Duration>), ApiError> {
        let mut query = vec![("wait", WAIT)];
        if let Some(cursor) = &self.cursor {
            query.push(("cursor", cursor));
        }
        let page: Changes = self.api.get("/v1/changes", &query).await?;
        self.cursor = Some(page.cursor);
        let pause = Duration::from_secs(page.poll_after.into());
        Ok((page.changes, (!page.more).then_some(pause)))
    }
}

/// The name that the API and this program's tables use.
pub(crate) fn name(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Processing => "processing",
        Status::Ready => "ready",
        Status::Failed => "failed",
        Status::Trashed => "trashed",
    }
}

/// How a photo ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Ready,
    /// In the trash, or gone for good.
    Removed,
    Failed {
        code: String,
        detail: String,
    },
}

/// Waits until every photo of `waiting` is final, takes it out, and tells `ended`.
///
/// Returns early when nothing happened to any of them for `patience`.
pub(crate) async fn until_final(
    api: &Api,
    waiting: &mut HashMap<String, usize>,
    patience: Duration,
    mut ended: impl FnMut(usize, Ending),
) -> Result<(), ApiError> {
    let mut feed = Feed::new(api);
    let mut last = Instant::now();
    while !waiting.is_empty() && last.elapsed() < patience {
        let (changes, pause) = feed.next().await?;
        for change in changes {
            let (id, ending) = outcome(change);
            if waiting.contains_key(&id) {
                last = Instant::now();
            }
            let Some(ending) = ending else { continue };
            if let Some(which) = waiting.remove(&id) {
                ended(which, ending);
            }
        }
        if let Some(pause) = pause.filter(|_| !waiting.is_empty()) {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(())
}

fn outcome(change: Change) -> (String, Option<Ending>) {
    let photo = match change {
        Change::Gone { id, .. } => return (id, Some(Ending::Removed)),
        Change::Photo { photo } => photo,
    };
    let ending = match photo.status {
        Status::Pending | Status::Processing => None,
        Status::Ready => Some(Ending::Ready),
        Status::Trashed => Some(Ending::Removed),
        Status::Failed => {
            let first = photo.failures.first();
            Some(Ending::Failed {
                code: first
                    .map_or("unknown", |failure| failure.code.as_str())
                    .to_owned(),
                detail: first
                    .map(|failure| failure.advice.clone())
                    .unwrap_or_default(),
            })
        }
    };
    (photo.id, ending)
}

/// Counts the photos by status, and goes on with a line for each change.
pub(crate) async fn status(
    settings: &Settings,
    watch: bool,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let api = Api::new(settings)?;
    let mut feed = Feed::new(&api);
    let mut states: HashMap<String, (u64, Status)> = HashMap::new();
    let mut caught_up = false;
    loop {
        let (changes, pause) = feed.next().await?;
        let quiet = changes.is_empty();
        for change in changes {
            match change {
                Change::Gone { id, .. } => {
                    if states.remove(&id).is_some() && caught_up {
                        terminal.line(format_args!("{id} gone"));
                    }
                }
                Change::Photo { photo } => {
                    let state = (photo.version, photo.status);
                    let before = states.insert(photo.id.clone(), state);
                    if caught_up && before != Some(state) {
                        let status = name(photo.status);
                        terminal.line(format_args!(
                            "{} {status} {}",
                            photo.id,
                            plain(&photo.filename)
                        ));
                    }
                }
            }
        }
        let Some(pause) = pause else { continue };
        if !caught_up {
            terminal.line(counts(states.values().map(|(_, status)| *status)));
            caught_up = true;
        }
        if !watch {
            return Ok(());
        }
        if quiet {
            tokio::time::sleep(pause).await;
        }
    }
}

fn counts(states: impl Iterator<Item = Status>) -> String {
    let mut counts = BTreeMap::new();
    for status in states {
        *counts.entry(name(status)).or_insert(0_u64) += 1;
    }
    if counts.is_empty() {
        return "no photos yet".to_owned();
    }
    let parts: Vec<_> = counts
        .iter()
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_name_each_status_once() {
        let states = [Status::Ready, Status::Failed, Status::Ready];
        assert_eq!(counts(states.into_iter()), "failed 1, ready 2");
        assert_eq!(counts([].into_iter()), "no photos yet");
    }

    #[test]
    fn a_photo_that_is_gone_is_final() {
        let gone = Change::Gone {
            id: "a".to_owned(),
            version: 3,
        };
        assert_eq!(outcome(gone), ("a".to_owned(), Some(Ending::Removed)));
    }
}
