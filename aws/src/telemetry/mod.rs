//! Logs and spans of a process: where they go, and how a photo's trace is joined.

mod by_service;
mod capacity;
mod context;
mod emit;
mod invocation;
mod life;
mod log;
mod metrics;
mod processor;
mod sampler;
mod start;

pub(crate) use capacity::Capacity;
pub use context::{context_of, current, incoming, join, link, trace_context};
pub use emit::Emitted;
pub use invocation::Invocations;
pub use metrics::{Ended, Metrics};
pub use start::StartError;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider};

/// The running telemetry of a process. Clones share it.
#[derive(Clone, Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
    batch: Option<Arc<BatchSpanProcessor>>,
    flushing: Arc<AtomicBool>,
    metrics: Metrics,
}

impl Telemetry {
    /// How long a flush may hold up whoever waits for it.
    pub const FLUSH_LIMIT: Duration = Duration::from_millis(15);

    fn new(provider: SdkTracerProvider, batch: Option<Arc<BatchSpanProcessor>>) -> Self {
        let flushing = Arc::new(AtomicBool::new(false));
        Self {
            provider,
            batch,
            flushing,
            metrics: Metrics::new(None),
        }
    }

    /// The figures of this process.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Telemetry that exports nothing and leaves the process's logs alone.
    pub fn silent() -> Self {
        Self::assemble(None, 0.0)
    }

    /// Exports what is finished, and waits for it for [`Self::FLUSH_LIMIT`] at
    /// the most; an export that takes longer goes on behind. `false` means that
    /// it had not succeeded by then.
    pub async fn flush(&self) -> bool {
        // A receiver that hangs must not collect one thread per flush.
        if self.flushing.swap(true, Ordering::AcqRel) {
            return false;
        }
        let this = self.clone();
        let flush = tokio::task::spawn_blocking(move || {
            let outcome = this.provider.force_flush();
            this.flushing.store(false, Ordering::Release);
            outcome.is_ok()
        });
        matches!(
            tokio::time::timeout(Self::FLUSH_LIMIT, flush).await,
            Ok(Ok(true))
        )
    }

    /// Exports what is finished and ends; waits for `limit` at the most.
    pub fn shutdown(&self, limit: Duration) -> bool {
        self.provider.shutdown_with_timeout(limit).is_ok()
    }
}
