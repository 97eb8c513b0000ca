//! What a process reads from its environment, once.

mod map_style;
mod reader;
mod recipe;
mod secret;
mod service;
mod trace;
mod worker;

pub use map_style::MapStyle;
pub use reader::{Invalid, Reader};
pub use secret::Secret;
pub use service::ServiceSettings;
pub use trace::{LogFormat, TelemetrySettings, TraceExport};
pub use worker::{ReconcilerSettings, WorkerSettings};

/// Looks a variable up in the process's environment; empty counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
