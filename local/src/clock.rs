//! The clock that the local engines read, so that a test can move time.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Where an engine reads the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The time of the machine.
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// A time of the caller's choosing.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A clock that stands still until it is moved.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(crate) struct Hand(Arc<std::sync::atomic::AtomicI64>);

#[cfg(test)]
impl Hand {
    pub(crate) fn new() -> Self {
        Self(Arc::new(1_800_000_000_000.into()))
    }

    pub(crate) fn clock(&self) -> Clock {
        let hand = self.clone();
        Clock::new(move || {
            let millis = hand.0.load(std::sync::atomic::Ordering::SeqCst);
            Timestamp::from_millisecond(millis).unwrap()
        })
    }

    pub(crate) fn forward(&self, seconds: i64) {
        self.0
            .fetch_add(seconds * 1000, std::sync::atomic::Ordering::SeqCst);
    }
}
