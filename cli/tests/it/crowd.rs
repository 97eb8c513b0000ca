//! How many uploads are on their way at once, and what a store bears.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// How the way to the store treats uploads.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Lets them all through.
    Open,
    /// Lets so many through at once, each in a fifth of a second, and refuses others with 503.
    Narrow(usize),
    /// After so many have ended, holds each until so many are on their way together.
    Gathering { after: usize, together: usize },
}

/// The uploads on their way.
pub(crate) struct Crowd {
    manner: Manner,
    running: watch::Sender<usize>,
    ended: AtomicUsize,
    refused: AtomicUsize,
    peak: AtomicUsize,
}

/// An upload that was let through, until this is dropped.
pub(crate) struct Upload(Arc<Crowd>);

impl Crowd {
    pub(crate) fn new(manner: Manner) -> Self {
        Self {
            manner,
            running: watch::Sender::new(0),
            ended: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }
    }

    /// How many were refused.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many were on their way at once at the most, refused ones included.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// Lets an upload through, or refuses it.
    pub(crate) async fn enter(self: &Arc<Self>) -> Option<Upload> {
        self.running.send_modify(|running| *running += 1);
        let running = *self.running.borrow();
        self.peak.fetch_max(running, Ordering::Relaxed);
        let upload = Upload(Arc::clone(self));
        match self.manner {
            Manner::Open => {}
            Manner::Narrow(most) if running > most => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            Manner::Narrow(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            Manner::Gathering { after, together } => {
                if self.ended.load(Ordering::Relaxed) >= after {
                    let mut running = self.running.subscribe();
                    let met = || self.peak() >= together;
                    running.wait_for(|_| met()).await.ok()?;
                }
            }
        }
        Some(upload)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
        self.0.running.send_modify(|running| *running -= 1);
    }
}
