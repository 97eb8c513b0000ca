//! Makes the renditions of an original.

pub mod render;
