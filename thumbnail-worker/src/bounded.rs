//! Work on hostile bytes, held apart from the rest of the process.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use cloudalbum_domain::{Failure, FailureCode};
use tokio::runtime::{Builder, Runtime};

/// By how much decoding is nicer than the threads that answer people (nice(2)).
const NICENESS: i32 = 10;

/// The threads that decode: few, so that what an allocator keeps for each is
/// kept for few, and nice, so that a full queue does not slow the album down.
static THREADS: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_current_thread()
        .thread_name("render")
        .on_thread_start(give_way)
        .build()
});

/// Runs `work` off the async threads, for at most `limit`.
///
/// A decoder that panics will do so again for the same bytes, and one that is
/// stuck cannot be stopped: either way the photo has failed and others go on.
/// The thread of a stuck one lives until the process ends.
///
/// # Errors
///
/// The outer one when there are no threads to work on, for which the photo is
/// not to blame.
pub(crate) async fn bounded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> io::Result<Result<T, Failure>> {
    let threads = THREADS.as_ref().map_err(io::Error::kind)?;
    let working = threads.spawn_blocking(work);
    Ok(match tokio::time::timeout(limit, working).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Failure::new(
            FailureCode::CorruptImage,
            "the decoder gave up",
        )),
        Err(_) => Err(Failure::new(
            FailureCode::Timeout,
            "rendering took too long",
        )),
    })
}

/// On Linux niceness belongs to a thread; elsewhere it would be the process's.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "decoding takes as much of a core as all else");
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
        assert_eq!(
            panicked.unwrap().unwrap_err().code,
            FailureCode::CorruptImage
        );
        assert_eq!(late.unwrap().unwrap_err().code, FailureCode::Timeout);
        assert_eq!(fine.unwrap().unwrap(), 7);
        drop(release);
    }
}
