//! Makes the renditions of an original.

mod job;
pub mod render;

pub use job::Job;
