//! The HTTP API as its client sees it: bearer token, problems, tries.

use std::time::Duration;

use anyhow::Context;
use cloudalbum_domain::wire::{Problem, SignIn};
use futures::StreamExt;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Host, Url};

use crate::args::Settings;
use crate::backoff;
use crate::session::{self, Session};

/// No answer is larger: a manifest's is below Lambda's 6 MB.
const LONGEST_ANSWER: usize = 32 << 20;
/// Longer than the service's longest poll.
const PATIENCE: Duration = Duration::from_mins(1);

/// The service, and who asks it.
pub(crate) struct Api {
    http: reqwest::Client,
    settings: Settings,
    /// Held while it is renewed, so that one caller renews for all.
    session: Mutex<Option<Session>>,
}

/// Why the service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(
        "cannot reach {server}: start it with `make run`, or name another with --server or CLOUDALBUM_SERVER"
    )]
    Unreachable {
        server: Url,
        #[source]
        source: reqwest::Error,
    },
    #[error("not signed in at {0}: run `cloudalbum login`, or `cloudalbum signup` for an account")]
    SignedOut(Url),
    #[error("{}", describe(.0))]
    Problem(Box<Problem>),
    #[error("{server} answered {status}, and not as CloudAlbum does: is the address right?")]
    NotOurs { server: Url, status: StatusCode },
    #[error("{server} gave an answer that this version cannot read: are both of the same version?")]
    Unreadable {
        server: Url,
        #[source]
        source: anyhow::Error,
    },
    #[error("cannot renew the sign-in")]
    Session(#[source] anyhow::Error),
}

impl ApiError {
    /// Whether the photo asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 404)
    }
}

/// One call.
pub(crate) struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    pub body: Option<Value>,
    /// Whether doing it twice is the same as doing it once.
    pub repeatable: bool,
}

impl Api {
    /// As the signed-in owner.
    pub(crate) fn new(settings: &Settings) -> anyhow::Result<Self> {
        let session = match settings.token {
            Some(_) => None,
            None => session::load(settings)?,
        };
        if session.is_none() && settings.token.is_none() {
            return Err(ApiError::SignedOut(settings.server.clone()).into());
        }
        Self::with(settings, session)
    }

    /// As nobody, for what everybody may ask.
    pub(crate) fn anonymous(settings: &Settings) -> anyhow::Result<Self> {
        Self::with(settings, None)
    }

    fn with(settings: &Settings, session: Option<Session>) -> anyhow::Result<Self> {
        Ok(Self {
            http: http_client(&settings.server)?,
            settings: settings.clone(),
            session: Mutex::new(session),
        })
    }

    /// Where and as which client to sign in.
    pub(crate) async fn sign_in(&self) -> Result<SignIn, ApiError> {
        let call = Call {
            method: Method::GET,
            path: "/v1/sign-in",
            query: &[],
            body: None,
            repeatable: true,
        };
        let bytes = self.tries(&call, None).await?.1;
        self.parse(&bytes)
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, ApiError> {
        let call = Call {
            method: Method::GET,
            path,
            query,
            body: None,
            repeatable: true,
        };
        self.call(&call).await
    }

    /// A POST that has the same effect when it is done twice.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: impl serde::Serialize,
    ) -> Result<T, ApiError> {
        let body = serde_json::to_value(body).map_err(|source| self.unreadable(source))?;
        let call = Call {
            method: Method::POST,
            path,
            query: &[],
            body: Some(body),
            repeatable: true,
        };
        self.call(&call).await
    }

    /// Makes a call; an empty answer reads as JSON's `null`.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, ApiError> {
        let token = self.token(None).await?;
        let (status, mut bytes) = self.tries(call, Some(&token)).await?;
        if status == StatusCode::UNAUTHORIZED {
            let token = self.token(Some(&token)).await?;
            let again = self.tries(call, Some(&token)).await?;
            if again.0 == StatusCode::UNAUTHORIZED {
                return Err(ApiError::SignedOut(self.settings.server.clone()));
            }
            bytes = again.1;
        }
        if bytes.is_empty() {
            bytes = b"null".to_vec();
        }
        self.parse(&bytes)
    }

    /// The access token, renewed when it is about to end or is the `refused` one.
    async fn token(&self, refused: Option<&str>) -> Result<String, ApiError> {
        let signed_out = || ApiError::SignedOut(self.settings.server.clone());
        if let Some(token) = &self.settings.token {
            return if refused.is_some() {
                Err(signed_out())
            } else {
                Ok(token.clone())
            };
        }
        let mut session = self.session.lock().await;
        let current = session.as_ref().ok_or_else(signed_out)?;
        if !current.is_stale() && refused != Some(current.access_token.as_str()) {
            return Ok(current.access_token.clone());
        }
        let renewed = current
            .renewed(&self.http)
            .await
            .map_err(ApiError::Session)?;
        let renewed = renewed.ok_or_else(signed_out)?;
        session::store(&self.settings, &renewed).map_err(ApiError::Session)?;
        let token = renewed.access_token.clone();
        *session = Some(renewed);
        Ok(token)
    }

    /// Asks until there is an answer that counts: success, 401, or a problem.
    async fn tries(
        &self,
        call: &Call<'_>,
        token: Option<&str>,
    ) -> Result<(StatusCode, Vec<u8>), ApiError> {
        let server = &self.settings.server;
        let mut tries = 0;
        loop {
            tries += 1;
            let last = tries >= backoff::MOST_TRIES;
            let response = match self.request(call, token)?.send().await {
                Ok(response) => response,
                // Nobody listens at all: waiting would only hide it.
                Err(source) if last || !call.repeatable || (source.is_connect() && tries > 2) => {
                    let source = source.without_url();
                    return Err(ApiError::Unreachable {
                        server: server.clone(),
                        source,
                    });
                }
                Err(_) => {
                    backoff::pause(tries, None).await;
                    continue;
                }
            };
            let status = response.status();
            let throttled = status == StatusCode::TOO_MANY_REQUESTS;
            if !last && (throttled || (status.is_server_error() && call.repeatable)) {
                let asked = retry_after(&response);
                backoff::pause(tries, asked).await;
                continue;
            }
            let bytes = match read(response).await {
                Ok(bytes) => bytes,
                Err(_) if !last && call.repeatable => {
                    backoff::pause(tries, None).await;
                    continue;
                }
                Err(source) => return Err(self.unreadable(source)),
            };
            if status.is_success() || (status == StatusCode::UNAUTHORIZED && token.is_some()) {
                return Ok((status, bytes));
            }
            return Err(match serde_json::from_slice::<Problem>(&bytes) {
                Ok(problem) => ApiError::Problem(Box::new(problem)),
                Err(_) => ApiError::NotOurs {
                    server: server.clone(),
                    status,
                },
            });
        }
    }

    fn request(
        &self,
        call: &Call<'_>,
        token: Option<&str>,
    ) -> Result<reqwest::RequestBuilder, ApiError> {
        let url = self
            .settings
            .server
            .join(call.path)
            .map_err(|source| self.unreadable(source))?;
        let mut request = self.http.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(call.query);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        Ok(request)
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, ApiError> {
        serde_json::from_slice(bytes).map_err(|source| self.unreadable(source))
    }

    fn unreadable(&self, source: impl Into<anyhow::Error>) -> ApiError {
        ApiError::Unreadable {
            server: self.settings.server.clone(),
            source: source.into(),
        }
    }
}

/// A client for the host of `server`; a proxy has no way to this machine.
pub(crate) fn http_client(server: &Url) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("cloudalbum/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(PATIENCE);
    if is_loopback(server) {
        builder = builder.no_proxy();
    }
    builder.build().context("cannot set up HTTP")
}

/// Whether the address is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Reads an answer that is not larger than any honest one.
pub(crate) async fn read(response: reqwest::Response) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(reqwest::Error::without_url)?;
        anyhow::ensure!(
            bytes.len() + chunk.len() <= LONGEST_ANSWER,
            "the answer is too large"
        );
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get("retry-after")?.to_str().ok()?;
    let seconds: u64 = text.parse().ok()?;
    Some(Duration::from_secs(seconds.min(600)))
}

fn describe(problem: &Problem) -> String {
    let mut text = format!("{} ({})", problem.title, problem.code);
    if let Some(detail) = &problem.detail {
        text = format!("{text}: {detail}");
    }
    if let Some(trace) = problem.trace_id.as_ref().filter(|_| problem.status >= 500) {
        text = format!("{text} [trace {trace}]");
    }
    crate::terminal::plain(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names() {
        let near = |text: &str| is_loopback(&Url::parse(text).unwrap());
        assert!(
            near("http://127.0.0.1:8080") && near("http://[::1]:1") && near("http://localhost")
        );
        assert!(!near("https://album.example") && !near("http://localhost.example"));
    }

    #[test]
    fn a_problem_is_told_in_one_line_without_control_characters() {
        let problem = Problem {
            status: 503,
            code: "busy".to_owned(),
            title: "the store\u{1b}[2J is busy".to_owned(),
            detail: Some("ask again".to_owned()),
            trace_id: Some("1-2-3".to_owned()),
        };
        assert_eq!(
            describe(&problem),
            "the store [2J is busy (busy): ask again [trace 1-2-3]"
        );
    }
}
