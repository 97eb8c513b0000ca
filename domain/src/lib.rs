//! What a photo is: its identity, keys, record and the transitions of its life.
//!
//! Everything here is a value or a pure function of values: no clock, no
//! environment, no network, no SDK. Callers pass `now` in.

#![warn(missing_docs)]

mod album;
mod digest;
mod facet;
mod failure;
mod geo;
mod index;
mod key;
mod media_type;
mod metadata;
mod owner;
mod photo;
mod photo_id;
mod place;
mod recipe;
mod text;
mod thumbnails;
mod trace;
mod transition;
pub mod wire;
mod words;

pub use album::{SortDate, Status};
pub use digest::{ParseDigestError, Sha256};
pub use facet::{Facet, Progress, Stage};
pub use failure::{Failure, FailureCode, UnknownFailureCode};
pub use geo::{GeoPoint, InvalidGeoPoint};
pub use index::{IndexEntry, index_entries};
pub use key::{OriginalKey, ParseKeyError, RenditionKey};
pub use media_type::{MediaType, UnsupportedMediaType};
pub use metadata::{Metadata, TakenDate};
pub use owner::{OwnerId, ParseOwnerIdError};
pub use photo::{Edit, EditedField, Photo, Retraced, Setback, State, Times};
pub use photo_id::{ParsePhotoIdError, PhotoId};
pub use place::Place;
pub use recipe::{Format, Recipe, Size, UnknownFormat};
pub use text::{Description, Filename, InvalidText, Tags};
pub use thumbnails::{Rendition, Thumbnails};
pub use trace::{ParseTraceContextError, TraceContext};
pub use transition::{NewPhoto, Refused};
pub use words::{fold, words};
