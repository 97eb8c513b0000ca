//! A running album, measured from outside: its process, somebody who uploads,
//! and photos of which no two are alike.

mod person;
mod photo;
mod process;

pub(crate) use self::person::{PASSWORD, Person, entry};
pub(crate) use self::photo::{camera, distinct, small};
pub(crate) use self::process::{Process, Usage, binary, usage};
