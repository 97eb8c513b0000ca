//! Makes the renditions of an original.

mod bounded;
mod job;

pub use job::Job;
