//! Reads the metadata of an original and names its place.

mod job;

pub use job::Job;
