//! The wire form of what is made of every photo.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Format;

/// `GET /v1/ops/recipes`: the recipe of now, and how many live photos follow it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecipeView {
    /// The version, which is part of the keys of its renditions.
    pub version: u32,
    /// How renditions are encoded.
    pub format: Format,
    /// Encoder quality, 1 to 100.
    pub quality: u8,
    /// What is made of every photo.
    pub sizes: Vec<SizeView>,
    /// Photos with renditions by this recipe.
    pub current: u64,
    /// Photos with renditions by another, which `apply` makes anew.
    pub stale: u64,
    /// Photos whose renditions are being made; those of before are shown.
    pub waiting: u64,
    /// Photos that failed when they were made anew; what was made before is
    /// still shown. A redrive tries again.
    pub failed: u64,
}

/// A box that a rendition fits into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SizeView {
    /// As in the key of the rendition.
    pub name: String,
    /// In pixels.
    pub max_width: u32,
    /// In pixels.
    pub max_height: u32,
}

/// `POST /v1/ops/recipes`: makes what is stale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplyRecipe {
    /// Only tells what would be made.
    #[serde(default)]
    pub dry_run: bool,
    /// Where to go on, from the answer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What one call did, which is a bounded part of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedRecipe {
    /// Photos that were looked at.
    pub looked_at: u64,
    /// Photos whose renditions will be made, or would be.
    pub enqueued: u64,
    /// There is more to do: ask again with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
