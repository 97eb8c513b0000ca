//! Names the place of a coordinate, offline.
//!
//! The country comes first, by containment in its borders, then the nearest
//! city of that country. `reverse_geocoder` alone names a city for every point
//! of the ocean and, near a border, often one of the neighbour's.

#[cfg(test)]
mod accuracy;
mod archive;
mod country;
mod nation;
mod places;
pub mod zone;

pub use archive::LoadCitiesError;
pub use places::Places;
