//! Everything on one machine in one process.

pub mod album;
pub mod clock;
pub mod cognito;
pub mod credentials;
pub mod data;
pub mod dynamodb;
pub mod faults;
pub mod front;
pub mod lambda;
pub mod pump;
pub mod s3;
pub mod settings;
pub mod sigv4;
pub mod sqs;
pub mod tls;
pub mod topic;
pub mod traces;
