//! Verifying access tokens and ID tokens.
//!
//! The claims are Cognito's:
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html>.

use cloudalbum_domain::OwnerId;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Auth;
use super::jwks::JwksError;

/// No real token comes near.
const MAX_BYTES: usize = 16 * 1024;
const LEEWAY_SECONDS: u64 = 60;

/// What an access token says, after everything was checked.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct AccessClaims {
    pub(super) sub: OwnerId,
    token_use: String,
    client_id: String,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default, rename = "cognito:groups")]
    pub(super) groups: Vec<String>,
    /// In seconds since 1970.
    pub(super) exp: i64,
}

/// What an ID token says, after everything was checked.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct IdClaims {
    pub(super) sub: OwnerId,
    token_use: String,
    pub(super) nonce: Option<String>,
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) email_verified: bool,
    pub(super) name: Option<String>,
}

impl Auth {
    /// Verifies an access token that was issued to one of our app clients.
    pub(super) async fn verify_access(&self, token: &str) -> Result<AccessClaims, TokenError> {
        let mut validation = validation(&self.issuer);
        // Cognito's access tokens name their client in `client_id`.
        validation.validate_aud = false;
        let claims: AccessClaims = self.verify(token, &validation).await?;
        let ours = claims.client_id == self.client_id
            || self.cli_client_id.as_ref() == Some(&claims.client_id);
        if claims.token_use != "access" || !ours {
            return Err(TokenError::Purpose);
        }
        Ok(claims)
    }

    /// Verifies an ID token that was issued to the web's app client.
    pub(super) async fn verify_id(&self, token: &str) -> Result<IdClaims, TokenError> {
        let mut validation = validation(&self.issuer);
        validation.set_audience(&[&self.client_id]);
        validation.required_spec_claims.insert("aud".to_owned());
        let claims: IdClaims = self.verify(token, &validation).await?;
        if claims.token_use != "id" {
            return Err(TokenError::Purpose);
        }
        Ok(claims)
    }

    async fn verify<T>(&self, token: &str, validation: &Validation) -> Result<T, TokenError>
    where
        T: DeserializeOwned,
    {
        if token.len() > MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        let header = decode_header(token).map_err(TokenError::Invalid)?;
        // Before any key is looked up: the algorithm is ours to choose.
        if header.alg != Algorithm::RS256 {
            return Err(TokenError::Algorithm);
        }
        let kid = header.kid.ok_or(TokenError::UnknownKey)?;
        let key = self.jwks.key(&kid).await?.ok_or(TokenError::UnknownKey)?;
        let token = decode(token, &key, validation).map_err(TokenError::Invalid)?;
        Ok(token.claims)
    }
}

fn validation(issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the token is not signed with RS256")]
    Algorithm,
    #[error("the token is signed with a key that the issuer does not have")]
    UnknownKey,
    #[error("the token is for another purpose or another client")]
    Purpose,
    #[error("the token is not valid")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    #[error(transparent)]
    Keys(#[from] JwksError),
}
