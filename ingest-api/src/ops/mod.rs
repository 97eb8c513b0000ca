//! `/v1/ops`: what failed and why, trying again, pausing, and who did what.

pub(crate) mod audit;
pub(crate) mod dlq;
pub(crate) mod failures;
pub(crate) mod recipes;
pub(crate) mod reconcile;
pub(crate) mod redrive;
pub(crate) mod stages;

use cloudalbum_domain::Stage;

use crate::Problem;

/// Reads the stage that a path names.
fn stage(name: &str) -> Result<Stage, Problem> {
    let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == name);
    stage.ok_or_else(Problem::not_found)
}
