//! Black-box tests of the whole, in one binary.
#![cfg(test)]

mod contract;
mod endpoint;
mod engines;
mod household;
mod multipart;
mod operate;
mod pipeline;
mod protocol_page;
mod quota;
mod tampering;
