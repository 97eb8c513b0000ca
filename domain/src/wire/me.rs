//! The JSON of the account: who is asking, how they sign in, what they may store.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/me`: who is asking, and what they may store.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The Cognito `sub`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The name shown.
    pub username: String,
    /// Whether the board is open to them.
    pub operator: bool,
    /// What is used and what is allowed.
    pub quota: Quota,
    /// The `MapLibre` style or raster tile template that maps are drawn by,
    /// where the service has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_style_url: Option<String>,
}

/// What an owner stores and may store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quota {
    /// Bytes in use, uploads under way included.
    pub bytes_used: u64,
    /// Bytes allowed.
    pub bytes_limit: u64,
    /// Photos in use, uploads under way included.
    pub photos_used: u64,
    /// Photos allowed.
    pub photos_limit: u64,
}

/// `PATCH /v1/me`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeEdit {
    /// The new name.
    pub username: String,
}

/// `GET /v1/sign-in`: where clients that are not browsers sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    /// Where the calls of Cognito's JSON protocol go.
    pub cognito_endpoint: String,
    /// The public client, without a secret.
    pub client_id: String,
    /// The authorization endpoint, for PKCE in the browser.
    pub authorize_url: String,
    /// The token endpoint.
    pub token_url: String,
}
