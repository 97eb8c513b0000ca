//! The service: presigning beside boto3, manifests of 1,000, what goes over its
//! wires, and cold starts of the three functions.

mod cold_start;
mod manifest;
mod presign;
mod service;
mod tap;
mod units;

use tokio::runtime::Builder;

/// Measures everything about the service.
pub(crate) fn run() -> anyhow::Result<()> {
    // One thread, whose processor time is that of the work.
    let alone = Builder::new_current_thread().enable_all().build()?;
    alone.block_on(presign::measure())?;
    alone.block_on(cold_start::measure())?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(manifest::measure())
}
