//! Reads the metadata of an original and names its place.

pub mod extract;
mod job;
pub mod zone;

pub use job::Job;
