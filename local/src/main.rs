//! Runs the whole of CloudAlbum on this machine.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use cloudalbum_local::album::Album;
use cloudalbum_local::settings::Settings;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// Decoded photos come and go on many threads. The C library would keep what
/// each has freed for itself, in all twice what is ever held at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_pages_small();
    let done = match Runtime::new() {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            writeln!(std::io::stderr(), "cloudalbum-local: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

/// The allocator asks for huge pages, which make resident 2 MB where a few kB
/// are used: 20 MB of an idle album (madvise(2), `MADV_HUGEPAGE`).
fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).ok();
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::parse();
    let album = Album::start(&settings, true).await?;
    tracing::info!("the album is at {}", album.app);
    tracing::info!("the AWS endpoint is at {}", album.aws);
    tracing::info!("mails land at {}outbox", album.aws);
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for interrupts")?,
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    album.stop().await;
    Ok(())
}
