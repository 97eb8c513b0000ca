//! Black-box tests of the whole, in one binary.
#![cfg(test)]

mod contract;
mod endpoint;
mod engines;
mod household;
mod operate;
mod pipeline;
