//! Everything on one machine in one process.

pub mod clock;
pub mod sqs;
