//! The client as a process of its own, against an album.
#![cfg(test)]

mod commands;
mod home;
mod migrate;
mod resume;
mod tap;
