//! The client as a process of its own, against an album.
#![cfg(test)]

mod adapt;
mod commands;
mod crowd;
mod home;
mod migrate;
mod process;
mod request;
mod resume;
mod storm;
mod tap;
