//! One photo's bytes on their way: tries, renewal, and parts of large files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudalbum_domain::wire::{HeldParts, PartSpec, PartsRequest, SignedParts, Upload};
use indicatif::ProgressBar;
use serde_json::Value;

use super::files::{self, Candidate};
use super::storage::{Answer, Source, Storage};
use crate::api::{Api, ApiError};
use crate::backoff;

/// How many parts the service signs a call.
const PARTS_A_CALL: usize = 100;
/// S3's bound on the parts of one upload.
const MOST_PARTS: u64 = 10_000;

/// How sending one photo ended.
#[derive(Debug)]
pub(crate) enum Sent {
    Stored,
    AlreadyThere,
    /// Its URL has ended: the manifest entry gives a new one.
    Renew,
    Failed {
        code: &'static str,
        detail: String,
    },
    /// The service itself cannot go on.
    Stopped(ApiError),
}

/// What a transfer needs beside its photo.
pub(crate) struct Way {
    pub api: Arc<Api>,
    pub storage: Storage,
    pub bar: ProgressBar,
}

/// A finished transfer, and whether anything on its way had to be repeated.
pub(crate) struct Trip {
    pub sent: Sent,
    pub struggled: bool,
}

impl Way {
    pub(crate) async fn send(&self, photo: &Candidate, id: &str, upload: &Upload) -> Trip {
        let mut trip = Trip {
            sent: Sent::Stored,
            struggled: false,
        };
        let size = tokio::fs::metadata(&photo.path)
            .await
            .map(|found| found.len());
        trip.sent = match (size, upload) {
            (Ok(size), _) if size != photo.size => changed(),
            (Err(error), _) => unreadable(&error),
            (Ok(_), Upload::Put { url, headers, .. }) => {
                let source = Source {
                    path: photo.path.clone(),
                    start: 0,
                    length: photo.size,
                };
                self.put(url, headers, &source, &mut trip.struggled).await
            }
            (Ok(_), Upload::Multipart { multipart }) => {
                let part_size = multipart.part_size;
                let parts = self.parts(photo, id, part_size, &mut trip.struggled).await;
                parts.unwrap_or_else(|sent| sent)
            }
        };
        trip
    }

    /// Puts one range, again and again where that can help.
    async fn put(
        &self,
        url: &str,
        headers: &BTreeMap<String, String>,
        source: &Source,
        struggled: &mut bool,
    ) -> Sent {
        let mut tries = 0;
        loop {
            tries += 1;
            let sent = Arc::new(AtomicU64::new(0));
            let put = self.storage.put(url, headers, source, &sent);
            let answer = self.counted(put, &sent).await;
            let done = matches!(answer, Ok(Answer::Stored | Answer::AlreadyThere));
            let bytes = sent.load(Ordering::Relaxed);
            if done {
                self.bar.inc(source.length.saturating_sub(bytes));
            } else {
                self.bar.dec(bytes);
            }
            let reason = match answer {
                Ok(Answer::Stored) => return Sent::Stored,
                Ok(Answer::AlreadyThere) => return Sent::AlreadyThere,
                Ok(Answer::Expired) => return Sent::Renew,
                Ok(Answer::Refused { code, .. }) if code.ends_with("Digest") => return changed(),
                Ok(Answer::Refused { status, code }) => {
                    return Sent::Failed {
                        code: "store_refused",
                        detail: format!("the store answered {status} ({code}): upload it again"),
                    };
                }
                Ok(Answer::Busy(status)) => format!("the store answered {status}"),
                Err(error) => format!("{error:#}"),
            };
            *struggled = true;
            if tries >= backoff::MOST_TRIES {
                return Sent::Failed {
                    code: "network",
                    detail: format!("{reason}: run the same command again"),
                };
            }
            backoff::pause(tries, None).await;
        }
    }

    /// Shows the bytes of a transfer while they go.
    async fn counted<T>(&self, work: impl Future<Output = T>, sent: &AtomicU64) -> T {
        let mut work = std::pin::pin!(work);
        let mut shown = 0;
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                _ = ticks.tick() => {}
            }
            let now = sent.load(Ordering::Relaxed);
            self.bar.inc(now - shown);
            shown = now;
        };
        self.bar
            .inc(sent.load(Ordering::Relaxed).saturating_sub(shown));
        done
    }

    /// Sends the parts that the store does not hold, one after another, so that
    /// an end at any moment costs one part at most; then completes the photo.
    async fn parts(
        &self,
        photo: &Candidate,
        id: &str,
        part_size: u64,
        struggled: &mut bool,
    ) -> Result<Sent, Sent> {
        let path = format!("/v1/uploads/{id}/parts");
        let held: Result<HeldParts, _> = self.api.get(&path, &[]).await;
        let held = held.map_err(stopped_or_failed)?;
        let part_size = if held.part_size > 0 {
            held.part_size
        } else {
            part_size
        };
        let ranges = cut(photo.size, part_size).ok_or_else(|| Sent::Failed {
            code: "part_size",
            detail: format!("the service asks for parts of {part_size} bytes"),
        })?;
        let specs = hash_parts(photo, ranges.clone()).await?;
        let mut missing = Vec::new();
        for spec in specs {
            if held.parts.contains(&spec) {
                self.bar.inc(spec.size);
            } else {
                missing.push(spec);
            }
        }
        for batch in missing.chunks(PARTS_A_CALL) {
            self.batch(photo, &path, batch, part_size, struggled)
                .await?;
        }
        let complete = format!("/v1/uploads/{id}/complete");
        let completed: Result<Value, _> = self
            .api
            .post(&complete, Value::Object(serde_json::Map::new()))
            .await;
        completed.map_err(stopped_or_failed)?;
        Ok(Sent::Stored)
    }

    async fn batch(
        &self,
        photo: &Candidate,
        path: &str,
        specs: &[PartSpec],
        part_size: u64,
        struggled: &mut bool,
    ) -> Result<(), Sent> {
        let mut left = specs.to_vec();
        let mut renewals = 0;
        while !left.is_empty() {
            let request = PartsRequest {
                parts: left.clone(),
            };
            let signed: SignedParts = self
                .api
                .post(path, request)
                .await
                .map_err(stopped_or_failed)?;
            // Whatever the service leaves out, it holds by now.
            left.retain(|spec| signed.parts.iter().any(|part| part.number == spec.number));
            for part in signed.parts {
                let Some(spec) = left.iter().find(|spec| spec.number == part.number) else {
                    continue;
                };
                let source = Source {
                    path: photo.path.clone(),
                    start: u64::from(spec.number - 1) * part_size,
                    length: spec.size,
                };
                match self.put(&part.url, &part.headers, &source, struggled).await {
                    Sent::Stored | Sent::AlreadyThere => {
                        left.retain(|spec| spec.number != part.number);
                    }
                    Sent::Renew if renewals < 3 => {
                        renewals += 1;
                        break;
                    }
                    sent => return Err(sent),
                }
            }
        }
        Ok(())
    }
}

/// Cuts a file: the number, start and length of each part.
fn cut(size: u64, part_size: u64) -> Option<Vec<(u32, u64, u64)>> {
    if part_size == 0 || size.div_ceil(part_size) > MOST_PARTS {
        return None;
    }
    let mut parts = Vec::new();
    let mut start = 0;
    while start < size {
        let number = u32::try_from(parts.len()).ok()?.checked_add(1)?;
        let length = part_size.min(size - start);
        parts.push((number, start, length));
        start += length;
    }
    Some(parts)
}

async fn hash_parts(
    photo: &Candidate,
    ranges: Vec<(u32, u64, u64)>,
) -> Result<Vec<PartSpec>, Sent> {
    let path = photo.path.clone();
    let hashes = tokio::task::spawn_blocking(move || {
        let spec = |(number, start, size)| {
            let sha256 = files::hash(&path, start, size)?.to_string();
            Ok(PartSpec {
                number,
                sha256,
                size,
            })
        };
        ranges
            .into_iter()
            .map(spec)
            .collect::<std::io::Result<Vec<_>>>()
    });
    match hashes.await {
        Ok(Ok(specs)) => Ok(specs),
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(error) => Err(unreadable(&std::io::Error::other(error))),
    }
}

fn changed() -> Sent {
    Sent::Failed {
        code: "changed",
        detail: "the file changed while it was being uploaded: run the same command again"
            .to_owned(),
    }
}

fn unreadable(error: &std::io::Error) -> Sent {
    Sent::Failed {
        code: "unreadable",
        detail: error.to_string(),
    }
}

/// A problem concerns this photo; anything else concerns the service.
fn stopped_or_failed(error: ApiError) -> Sent {
    match error {
        // Another device was faster.
        ApiError::Problem(problem) if problem.code == "already_stored" => Sent::AlreadyThere,
        // The upload has expired, or its parts have: the manifest begins anew.
        ApiError::Problem(problem)
            if problem.code == "not_found" || problem.code == "parts_missing" =>
        {
            Sent::Renew
        }
        ApiError::Problem(problem) if problem.status < 500 => Sent::Failed {
            code: "parts_refused",
            detail: problem.detail.unwrap_or(problem.title),
        },
        error => Sent::Stopped(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file_without_gap_or_overlap() {
        assert_eq!(cut(10, 4), Some(vec![(1, 0, 4), (2, 4, 4), (3, 8, 2)]));
        assert_eq!(cut(8, 4), Some(vec![(1, 0, 4), (2, 4, 4)]));
        assert_eq!(cut(8, 0), None);
        assert_eq!(cut(u64::MAX, 5), None);
    }
}
