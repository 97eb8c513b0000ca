//! Whether every photo ends, whatever is lost on the way and however many there
//! are, and what that takes.

mod crowd;
mod recovery;

use tokio::runtime::Builder;

pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(recovery::measure())?;
    runtime.block_on(crowd::measure())
}
