//! Runs the whole of CloudAlbum on this machine.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use cloudalbum_local::album::Album;
use cloudalbum_local::settings::Settings;
use tokio::signal::unix::{SignalKind, signal};

/// Decoded photos come and go on many threads. The C library would keep what
/// each has freed for itself, in all twice what is ever held at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            writeln!(std::io::stderr(), "cloudalbum-local: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
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
