//! The HTTP service: sign-in, manifests, the album.
//!
//! A handler that takes a [`Caller`] answers nobody else. Errors are
//! [`Problem`]s; what axum itself refuses becomes one on the way out.

mod app;
mod auth;
mod board;
mod changes;
mod date;
pub mod drain;
mod health;
mod hosts;
mod map;
mod me;
mod observe;
mod openapi;
mod ops;
mod pages;
mod photos;
mod problem;
mod renditions;
mod uploads;
mod view;

pub use app::{App, metrics_router, router, router_behind_gateway};
pub use auth::{Auth, Caller};
pub use problem::Problem;
