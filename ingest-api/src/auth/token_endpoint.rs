//! The issuer's token endpoint: exchange a code, refresh, revoke
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>).

use cloudalbum_aws::settings::{Secret, ServiceSettings};
use futures::StreamExt as _;
use serde::Deserialize;
use url::Url;

const MAX_BYTES: usize = 64 * 1024;

/// The endpoint, as the web's app client.
#[derive(Debug)]
pub(super) struct TokenEndpoint {
    url: Url,
    client_id: String,
    client_secret: Option<Secret>,
    http: reqwest::Client,
}

/// What the endpoint issues.
#[derive(Deserialize)]
pub(super) struct Issued {
    pub(super) access_token: String,
    pub(super) id_token: Option<String>,
    pub(super) refresh_token: Option<String>,
}

impl TokenEndpoint {
    pub(super) fn new(settings: &ServiceSettings, http: reqwest::Client) -> Self {
        Self {
            url: settings.token_url.clone(),
            client_id: settings.cognito_client_id.clone(),
            client_secret: settings.cognito_client_secret.clone(),
            http,
        }
    }

    /// Exchanges a code, once.
    pub(super) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Issued, ExchangeError> {
        self.issue(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect_uri),
        ])
        .await
    }

    /// Gets a new access token. The answer has a refresh token only where the
    /// app client rotates them.
    pub(super) async fn refresh(&self, refresh_token: &str) -> Result<Issued, ExchangeError> {
        let grant = ("grant_type", "refresh_token");
        self.issue(&[grant, ("refresh_token", refresh_token)]).await
    }

    /// Makes a refresh token worthless.
    pub(super) async fn revoke(&self, refresh_token: &str) -> Result<(), ExchangeError> {
        self.post("/oauth2/revoke", &[("token", refresh_token)])
            .await
            .map(drop)
    }

    async fn issue(&self, form: &[(&str, &str)]) -> Result<Issued, ExchangeError> {
        let answer = self.post("/oauth2/token", form).await?;
        let mut chunks = answer.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk.map_err(ExchangeError::Http)?);
            if bytes.len() > MAX_BYTES {
                return Err(ExchangeError::TooLarge);
            }
        }
        serde_json::from_slice(&bytes).map_err(ExchangeError::Json)
    }

    async fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<reqwest::Response, ExchangeError> {
        let url = self.url.join(path).map_err(ExchangeError::Url)?;
        let mut form = form.to_vec();
        form.push(("client_id", &self.client_id));
        let mut call = self.http.post(url).form(&form);
        if let Some(secret) = &self.client_secret {
            call = call.basic_auth(&self.client_id, Some(secret.expose()));
        }
        let answer = call.send().await.map_err(ExchangeError::Http)?;
        if answer.status().is_client_error() {
            return Err(ExchangeError::Refused(answer.status()));
        }
        answer.error_for_status().map_err(ExchangeError::Http)
    }
}

/// No tokens were issued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    /// The code or the refresh token is spent, expired or another's.
    #[error("the issuer refused with status {0}")]
    Refused(reqwest::StatusCode),
    #[error("cannot reach the issuer")]
    Http(#[source] reqwest::Error),
    #[error("the issuer's answer is no token answer")]
    Json(#[source] serde_json::Error),
    #[error("the issuer's answer is longer than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("the sign-in domain has no such path")]
    Url(#[source] url::ParseError),
}
