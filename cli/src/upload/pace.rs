//! How many photos are on their way at once: more while it goes well, half when it does not.

use std::time::Duration;

use tokio::time::Instant;

const FIRST: f64 = 4.0;
/// Several failures of one moment count once.
const QUIET: Duration = Duration::from_secs(1);

/// Additive increase, multiplicative decrease.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: f64,
    most: f64,
    slowed: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(most: usize) -> Self {
        let most = f64::from(u32::try_from(most).unwrap_or(u32::MAX));
        Self {
            limit: FIRST.min(most),
            most,
            slowed: None,
        }
    }

    /// Whether one more may start beside `running`.
    pub(crate) fn admits(&self, running: usize) -> bool {
        f64::from(u32::try_from(running).unwrap_or(u32::MAX)) + 1.0 <= self.limit
    }

    /// A photo went through at the first try.
    pub(crate) fn went_well(&mut self) {
        self.limit = (self.limit + 1.0 / self.limit).min(self.most);
    }

    /// The network or the store could not keep up.
    pub(crate) fn struggled(&mut self, now: Instant) {
        if self
            .slowed
            .is_none_or(|slowed| now.duration_since(slowed) > QUIET)
        {
            self.limit = (self.limit / 2.0).max(1.0);
            self.slowed = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_bound_and_never_stops_entirely() {
        let mut pace = Pace::new(6);
        assert!(pace.admits(3) && !pace.admits(4));
        (0..100).for_each(|_| pace.went_well());
        assert!(pace.admits(5) && !pace.admits(6));
        let now = Instant::now();
        pace.struggled(now);
        pace.struggled(now);
        assert!(pace.admits(2) && !pace.admits(3));
        (1..20).for_each(|n| pace.struggled(now + QUIET * 2 * n));
        assert!(pace.admits(0) && !pace.admits(1));
    }
}
