//! The only crate that names an AWS SDK.

pub mod backoff;
pub mod batch;
pub mod notification;
pub mod queue;
pub mod settings;
pub mod telemetry;
pub mod worker;
