//! The claims of tokens, as Cognito writes them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::Fault;
use super::key::Key;
use super::session::Session;
use super::users::User;

/// Access and ID tokens are good for an hour.
pub(super) const LIFE_SECONDS: i64 = 60 * 60;

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Access {
    pub(super) sub: String,
    pub(super) iss: String,
    pub(super) client_id: String,
    pub(super) origin_jti: String,
    pub(super) token_use: String,
    pub(super) scope: String,
    pub(super) auth_time: i64,
    pub(super) exp: i64,
    pub(super) iat: i64,
    pub(super) jti: String,
    pub(super) username: String,
    #[serde(
        rename = "cognito:groups",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(super) groups: Vec<String>,
}

#[derive(Serialize)]
struct Identity<'a> {
    sub: &'a str,
    iss: &'a str,
    aud: &'a str,
    origin_jti: &'a str,
    token_use: &'a str,
    auth_time: i64,
    exp: i64,
    iat: i64,
    jti: String,
    email: &'a str,
    email_verified: bool,
    name: &'a str,
    #[serde(rename = "cognito:username")]
    username: &'a str,
    #[serde(
        rename = "cognito:groups",
        skip_serializing_if = "<[String]>::is_empty"
    )]
    groups: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

/// Signs the access token of a session; `now` in seconds since 1970.
pub(super) fn access(
    key: &Key,
    issuer: &str,
    now: i64,
    session: &Session,
    user: &User,
) -> Result<String, Fault> {
    let claims = Access {
        sub: user.id.clone(),
        iss: issuer.to_owned(),
        client_id: session.client.clone(),
        origin_jti: session.id.clone(),
        token_use: "access".to_owned(),
        scope: session.scope.clone(),
        auth_time: session.signed_in_at / 1000,
        exp: now + LIFE_SECONDS,
        iat: now,
        jti: Uuid::new_v4().to_string(),
        username: user.id.clone(),
        groups: user.groups.clone(),
    };
    key.sign(&claims).map_err(Fault::internal)
}

/// Signs the ID token of a session; `now` in seconds since 1970.
pub(super) fn identity(
    key: &Key,
    issuer: &str,
    now: i64,
    session: &Session,
    user: &User,
    nonce: Option<&str>,
) -> Result<String, Fault> {
    let claims = Identity {
        sub: &user.id,
        iss: issuer,
        aud: &session.client,
        origin_jti: &session.id,
        token_use: "id",
        auth_time: session.signed_in_at / 1000,
        exp: now + LIFE_SECONDS,
        iat: now,
        jti: Uuid::new_v4().to_string(),
        email: &user.email,
        email_verified: user.confirmed,
        name: &user.username,
        username: &user.id,
        groups: &user.groups,
        nonce,
    };
    key.sign(&claims).map_err(Fault::internal)
}
