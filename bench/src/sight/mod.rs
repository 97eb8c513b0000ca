//! What an operator sees: a trace a photo with retries and dead letters, a
//! board whose numbers add up, and what being seen costs.

mod board;
mod cost;
mod thousand;
mod unreachable;

pub(crate) use self::unreachable::flushes;

use tokio::runtime::Builder;

/// Measures all of it.
pub(crate) fn run() -> anyhow::Result<()> {
    unreachable::measure()?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(thousand::measure())?;
    runtime.block_on(board::measure())?;
    runtime.block_on(cost::measure())
}
