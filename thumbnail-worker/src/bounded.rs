//! Work on hostile bytes, held apart from the rest of the process.

use std::time::Duration;

use cloudalbum_domain::{Failure, FailureCode};

/// Runs `work` off the async threads, for at most `limit`.
///
/// A decoder that panics will do so again for the same bytes, and one that is
/// stuck cannot be stopped: either way the photo has failed and others go on.
/// The thread of a stuck one lives until the process ends.
pub(crate) async fn bounded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Failure::new(
            FailureCode::CorruptImage,
            "the decoder gave up",
        )),
        Err(_) => Err(Failure::new(
            FailureCode::Timeout,
            "rendering took too long",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_panic_and_a_stuck_decode_cost_their_own_photo_alone() {
        let (release, stuck) = mpsc::channel::<()>();
        let day = Duration::from_hours(24);
        let (panicked, late, fine) = tokio::join!(
            bounded::<u32>(day, || panic!("a decoder's bug")),
            bounded(Duration::from_millis(1), move || Ok(stuck.recv().is_ok())),
            bounded(day, || Ok(7)),
        );
        assert_eq!(panicked.unwrap_err().code, FailureCode::CorruptImage);
        assert_eq!(late.unwrap_err().code, FailureCode::Timeout);
        assert_eq!(fine.unwrap(), 7);
        drop(release);
    }
}
