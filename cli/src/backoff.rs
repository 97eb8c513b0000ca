//! How long to wait before asking again.

use std::time::Duration;

/// After so many tries in a row, a request has failed.
pub(crate) const MOST_TRIES: u32 = 9;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// The wait after the `tries`-th failure in a row, counted from 1.
///
/// It doubles, and is spread between half and whole by `random`, in 0 to 1, so
/// that clients that failed together do not come back together.
pub(crate) fn wait(tries: u32, random: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16));
    doubled
        .min(LONGEST)
        .mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

/// Waits after the `tries`-th failure in a row, at least as long as was asked for.
pub(crate) async fn pause(tries: u32, asked: Option<Duration>) {
    let wait = wait(tries, rand::random());
    tokio::time::sleep(asked.map_or(wait, |asked| wait.max(asked))).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_stay_bounded() {
        assert_eq!(wait(1, 1.0), Duration::from_millis(250));
        assert_eq!(wait(1, 0.0), Duration::from_millis(125));
        assert_eq!(wait(4, 1.0), Duration::from_secs(2));
        assert_eq!(wait(u32::MAX, 1.0), LONGEST);
    }
}
