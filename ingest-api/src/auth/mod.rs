//! Who is asking: bearer tokens, browser sessions and the sign-in that makes
//! them.
//!
//! Every token is verified here, whoever stands in front of the service.

mod attempt;
mod caller;
mod cookie;
mod jwks;
mod origin;
mod seal;
mod session;
pub(crate) mod sign_in;
#[cfg(test)]
pub(crate) mod tests;
mod token;
mod token_endpoint;

use std::time::Duration;

use cloudalbum_aws::sessions::Sessions;
use cloudalbum_aws::settings::ServiceSettings;
use url::Url;

use jwks::Jwks;
use token_endpoint::TokenEndpoint;

pub use caller::Caller;

/// What identity needs: the issuer's keys, its token endpoint, our sessions.
#[derive(Debug)]
pub struct Auth {
    issuer: String,
    cognito_endpoint: Url,
    /// The app client of the web: the audience of ID tokens.
    client_id: String,
    /// The public app client of the CLI.
    cli_client_id: Option<String>,
    domain: Url,
    base_url: Url,
    jwks: Jwks,
    token_endpoint: TokenEndpoint,
    sessions: Sessions,
}

impl Auth {
    /// Reads what concerns sign-in from `settings`. Nothing is fetched yet.
    pub fn new(settings: &ServiceSettings, sessions: Sessions) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            issuer: settings.token_issuer.clone(),
            cognito_endpoint: settings.cognito_endpoint.clone(),
            client_id: settings.cognito_client_id.clone(),
            cli_client_id: settings.cognito_cli_client_id.clone(),
            domain: settings.cognito_domain.clone(),
            base_url: settings.base_url.clone(),
            jwks: Jwks::new(settings.jwks_url.clone(), http.clone()),
            token_endpoint: TokenEndpoint::new(settings, http),
            sessions,
        })
    }

    /// Whether browsers reach us by https, so that cookies can be `Secure`.
    fn is_secure(&self) -> bool {
        self.base_url.scheme() == "https"
    }
}
