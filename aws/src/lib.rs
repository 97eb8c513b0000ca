//! The only crate that names an AWS SDK.

pub mod attempt;
pub mod backoff;
pub mod batch;
pub mod bucket;
pub mod clients;
pub mod function;
pub mod mapping;
pub mod notification;
pub mod parameter;
pub mod queue;
pub mod requeue;
pub mod sessions;
pub mod settings;
mod signed;
pub mod signer;
pub mod table;
pub mod telemetry;
pub mod watch;
pub mod worker;
