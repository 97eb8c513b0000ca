//! Black-box tests of the whole, in one binary.
#![cfg(test)]

mod contract_s3;
mod endpoint;
mod household;
mod pipeline;
