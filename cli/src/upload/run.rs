//! The run of an upload: files are hashed, asked about and sent side by side,
//! and every one of them ends in the receipt.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cloudalbum_domain::Sha256;
use cloudalbum_domain::wire::{
    EntryAnswer, Manifest, ManifestAnswer, ManifestEntry, Refusal, Upload,
};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::files::{self, Candidate};
use super::pace::Pace;
use super::receipt::Outcome;
use super::transfer::{Sent, Trip, Way};
use crate::api::ApiError;

/// The service takes no more entries a manifest.
pub(crate) const MOST_ENTRIES: usize = 1000;
/// How far hashing and URLs run ahead of sending: URLs end.
const MOST_READY: usize = 500;
const HASHERS: usize = 2;
/// How often one file may be told to come back or need a new URL.
const MOST_ROUNDS: u32 = 20;

/// What the owner says about the new photos.
#[derive(Clone)]
pub(crate) struct Notes {
    pub tags: Vec<String>,
    pub description: Option<String>,
}

/// One file of the run.
pub(crate) struct Item {
    pub photo: Candidate,
    pub sha256: Option<Sha256>,
    pub photo_id: Option<String>,
    /// `None` while it is open.
    pub outcome: Option<Outcome>,
    rounds: u32,
}

/// The state of a run; indices name items.
pub(crate) struct Run {
    pub items: Vec<Item>,
    /// Photos whose bytes are there, whose processing is not known to have ended.
    pub waiting: HashMap<String, usize>,
    way: Arc<Way>,
    notes: Notes,
    pace: Pace,
    tasks: JoinSet<Event>,
    unhashed: VecDeque<usize>,
    unplanned: VecDeque<usize>,
    unsent: VecDeque<(usize, Box<Upload>)>,
    by_digest: HashMap<Sha256, usize>,
    twins: Vec<(usize, usize)>,
    hashing: usize,
    planning: bool,
    sending: usize,
}

enum Event {
    Hashed(usize, std::io::Result<Sha256>),
    Planned(Vec<usize>, Result<ManifestAnswer, ApiError>),
    Sent(usize, Trip),
    Woke(usize),
}

impl Run {
    pub(crate) fn new(photos: Vec<Candidate>, way: Way, notes: Notes, parallel: usize) -> Self {
        let items: Vec<_> = photos.into_iter().map(Item::new).collect();
        Self {
            unhashed: (0..items.len()).collect(),
            items,
            waiting: HashMap::new(),
            way: Arc::new(way),
            notes,
            pace: Pace::new(parallel),
            tasks: JoinSet::new(),
            unplanned: VecDeque::new(),
            unsent: VecDeque::new(),
            by_digest: HashMap::new(),
            twins: Vec::new(),
            hashing: 0,
            planning: false,
            sending: 0,
        }
    }

    /// Goes on until every file has an outcome or its bytes are stored.
    ///
    /// # Errors
    ///
    /// When the service cannot go on; what is open then was not sent. Dropping
    /// the future at any moment leaves the same.
    pub(crate) async fn finish(&mut self) -> Result<(), ApiError> {
        loop {
            self.start();
            let Some(event) = self.tasks.join_next().await else {
                return Ok(());
            };
            self.take(event)?;
        }
    }

    /// Stops what is under way, and settles files with the bytes of another.
    pub(crate) async fn close(&mut self) {
        self.tasks.shutdown().await;
        for (twin, first) in std::mem::take(&mut self.twins) {
            let Some(first) = self.items.get(first) else {
                continue;
            };
            let id = first.photo_id.clone();
            let outcome = match &first.outcome {
                Some(Outcome::Stored | Outcome::AlreadyThere) => Some(Outcome::AlreadyThere),
                other => other.clone(),
            };
            if let Some(twin) = self.items.get_mut(twin) {
                twin.photo_id = id;
                twin.outcome = outcome;
            }
        }
    }

    fn start(&mut self) {
        while self.hashing < HASHERS && self.unplanned.len() < MOST_ENTRIES {
            let Some(index) = self.unhashed.pop_front() else {
                break;
            };
            let Some(item) = self.items.get(index) else {
                continue;
            };
            let (path, size) = (item.photo.path.clone(), item.photo.size);
            self.hashing += 1;
            self.tasks
                .spawn_blocking(move || Event::Hashed(index, files::hash(&path, 0, size)));
        }
        if !self.planning && !self.unplanned.is_empty() && self.unsent.len() < MOST_READY {
            let count = self.unplanned.len().min(MOST_ENTRIES);
            let batch: Vec<_> = self.unplanned.drain(..count).collect();
            let entries = batch
                .iter()
                .filter_map(|index| self.items.get(*index)?.entry(&self.notes));
            let manifest = Manifest {
                photos: entries.collect(),
            };
            let way = Arc::clone(&self.way);
            self.planning = true;
            self.tasks.spawn(async move {
                Event::Planned(batch, way.api.post("/v1/uploads", manifest).await)
            });
        }
        while self.pace.admits(self.sending) {
            let Some((index, upload)) = self.unsent.pop_front() else {
                break;
            };
            let Some(item) = self.items.get(index) else {
                continue;
            };
            let photo = item.photo.clone();
            let id = item.photo_id.clone().unwrap_or_default();
            let way = Arc::clone(&self.way);
            self.sending += 1;
            self.tasks
                .spawn(async move { Event::Sent(index, way.send(&photo, &id, &upload).await) });
        }
    }

    fn take(&mut self, event: Result<Event, JoinError>) -> Result<(), ApiError> {
        // A task ends early only by a panic or by `close`: neither is an answer.
        match event.map_err(|error| ApiError::Session(error.into()))? {
            Event::Hashed(index, digest) => {
                self.hashing -= 1;
                self.hashed(index, digest);
            }
            Event::Planned(batch, answer) => {
                self.planning = false;
                for (index, answer) in batch.into_iter().zip(answer?.photos) {
                    self.planned(index, answer);
                }
            }
            Event::Sent(index, trip) => {
                self.sending -= 1;
                if trip.struggled {
                    self.pace.struggled(Instant::now());
                } else {
                    self.pace.went_well();
                }
                return self.sent(index, trip.sent);
            }
            Event::Woke(index) => self.unplanned.push_back(index),
        }
        Ok(())
    }

    fn hashed(&mut self, index: usize, digest: std::io::Result<Sha256>) {
        match digest {
            Ok(digest) => {
                if let Some(item) = self.items.get_mut(index) {
                    item.sha256 = Some(digest);
                }
                if let Some(first) = self.by_digest.get(&digest) {
                    self.twins.push((index, *first));
                    self.shrink(index);
                } else {
                    self.by_digest.insert(digest, index);
                    self.unplanned.push_back(index);
                }
            }
            Err(error) => self.fail(index, "unreadable", error.to_string()),
        }
    }

    fn planned(&mut self, index: usize, answer: EntryAnswer) {
        let (id, answer) = match answer {
            EntryAnswer::Upload { photo_id, upload } => (Some(photo_id), Next::Send(upload)),
            EntryAnswer::Stored { photo_id, .. } => (Some(photo_id), Next::Stored),
            EntryAnswer::Refused { error } => (None, Next::Refused(error)),
            EntryAnswer::Later {
                photo_id,
                error,
                retry_after,
            } => (photo_id, Next::Later(error, retry_after)),
        };
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.photo_id = id.or(item.photo_id.take());
        item.rounds += 1;
        match answer {
            Next::Send(_) if item.rounds > MOST_ROUNDS => {
                self.fail(
                    index,
                    "expired",
                    "its URL ended again and again: run the same command again".to_owned(),
                );
            }
            Next::Send(upload) => self.unsent.push_back((index, Box::new(upload))),
            Next::Stored => {
                // After a first round it was this run that sent it.
                let outcome = if item.rounds > 1 {
                    Outcome::Stored
                } else {
                    Outcome::AlreadyThere
                };
                self.shrink(index);
                self.arrived(index, outcome);
            }
            Next::Refused(Refusal { code, detail }) => {
                item.outcome = Some(Outcome::Refused { code, detail });
                self.shrink(index);
            }
            Next::Later(Refusal { code, detail }, _) if item.rounds > MOST_ROUNDS => {
                item.outcome = Some(Outcome::Failed { code, detail });
                self.shrink(index);
            }
            Next::Later(_, seconds) => {
                let wait = Duration::from_secs(seconds.clamp(1, 600).into());
                self.tasks.spawn(async move {
                    tokio::time::sleep(wait).await;
                    Event::Woke(index)
                });
            }
        }
    }

    fn sent(&mut self, index: usize, sent: Sent) -> Result<(), ApiError> {
        match sent {
            Sent::Stored => self.arrived(index, Outcome::Stored),
            Sent::AlreadyThere => self.arrived(index, Outcome::AlreadyThere),
            Sent::Renew => self.unplanned.push_back(index),
            Sent::Failed { code, detail } => self.fail(index, code, detail),
            Sent::Stopped(error) => return Err(error),
        }
        Ok(())
    }

    fn arrived(&mut self, index: usize, outcome: Outcome) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.outcome = Some(outcome);
        if let Some(id) = &item.photo_id {
            self.waiting.insert(id.clone(), index);
        }
    }

    fn fail(&mut self, index: usize, code: &str, detail: String) {
        self.shrink(index);
        if let Some(item) = self.items.get_mut(index) {
            let code = code.to_owned();
            item.outcome = Some(Outcome::Failed { code, detail });
        }
    }

    /// Takes bytes that will not be sent off the progress bar's length.
    fn shrink(&self, index: usize) {
        if let Some(item) = self.items.get(index) {
            self.way.bar.dec_length(item.photo.size);
        }
    }
}

enum Next {
    Send(Upload),
    Stored,
    Refused(Refusal),
    Later(Refusal, u32),
}

impl Item {
    fn new(photo: Candidate) -> Self {
        Self {
            photo,
            sha256: None,
            photo_id: None,
            outcome: None,
            rounds: 0,
        }
    }

    fn entry(&self, notes: &Notes) -> Option<ManifestEntry> {
        Some(ManifestEntry {
            filename: self.photo.filename.clone(),
            content_type: self.photo.media_type.to_string(),
            size: self.photo.size,
            sha256: self.sha256?.to_string(),
            tags: notes.tags.clone(),
            description: notes.description.clone(),
            modified_at: self.photo.modified_at,
        })
    }
}
