//! Whole pictures in, renditions out: size, colour, orientation and refusals.

mod colour;
mod formats;
mod hostile;
mod orientation;
mod photos;
mod scene;

use super::*;
use cloudalbum_domain::FailureCode;

fn rendered(bytes: &[u8]) -> Rendered {
    render(bytes, &Recipe::default(), &Budget::default()).unwrap()
}

fn code(bytes: &[u8]) -> FailureCode {
    render(bytes, &Recipe::default(), &Budget::default())
        .unwrap_err()
        .code()
}
