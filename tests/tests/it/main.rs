//! Black-box tests of the whole, in one binary.
#![cfg(test)]

mod bombs;
mod changes;
mod contract;
mod endpoint;
mod engines;
mod histories;
mod home;
mod household;
mod kills;
mod map;
mod multipart;
mod operate;
mod pipeline;
mod points;
mod process;
mod protocol_page;
mod quota;
mod recipes;
mod reconcile;
mod redrive;
mod refusals;
mod sender;
mod state;
mod tampering;
mod traces;
