//! The trace store of one machine: takes OTLP, keeps a bounded number of
//! traces in one SQLite file, and serves search and waterfall.

mod decode;
mod http;
mod span;
mod store;
#[cfg(test)]
mod tests;

pub use http::router;
pub use span::{ParseTraceIdError, Span, TraceId};
pub use store::{About, Order, Search, Summary, Traces, Waterfall};
