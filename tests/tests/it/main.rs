//! Black-box tests of the whole, in one binary.
#![cfg(test)]

mod contract;
mod endpoint;
mod engines;
mod household;
<<<<<<< HEAD
mod operate;
=======
mod multipart;
>>>>>>> c89b3be (Take large photos in parts, and count upload URLs a minute)
mod pipeline;
