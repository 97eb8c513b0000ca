//! Whether every photo ends, whatever is lost on the way and however many there
//! are, and what that takes.

mod crowd;
mod hour;
mod recovery;

use tokio::runtime::Builder;

/// An outage of all events, and what is left to mend after it.
pub(crate) fn recovery() -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(recovery::measure())
}

/// Twenty thousand photos.
pub(crate) fn crowd() -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(crowd::measure())
}

/// Photos at a steady pace for an hour.
pub(crate) fn hour() -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(hour::measure())
}
