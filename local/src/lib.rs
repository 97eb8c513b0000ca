//! Everything on one machine in one process.

pub mod clock;
pub mod credentials;
pub mod data;
pub mod s3;
pub mod sqs;
