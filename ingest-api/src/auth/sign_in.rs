//! Signing a browser in and out: code with PKCE, `state` and `nonce`
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use cloudalbum_domain::wire;
use http::header::{CACHE_CONTROL, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::attempt::{self, Attempt};
use super::cookie::Cookie;
use super::seal::{SealError, Ticket};
use super::session::{self, Session, SessionError};
use super::token::TokenError;
use super::token_endpoint::ExchangeError;
use super::{Auth, origin};
use crate::app::App;
use crate::hosts;
use crate::problem::Problem;
use crate::renditions::Renditions;

/// Where to go on after the sign-in.
#[derive(Deserialize)]
pub(crate) struct Login {
    #[serde(rename = "return")]
    return_to: Option<String>,
    /// Set a new password by a mailed code first.
    #[serde(default)]
    new_password: bool,
}

/// Sends the browser to the sign-in page.
#[utoipa::path(get, path = "/auth/login", tag = "sign-in",
    params(
        ("return" = Option<String>, Query, description = "Where in the app to go on"),
        ("new_password" = Option<bool>, Query, description = "Set a new password first"),
    ),
    responses((status = 303, description = "To the sign-in page")))]
pub(crate) async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    Query(login): Query<Login>,
) -> Result<Response, SignInError> {
    let auth = &app.auth;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    // Cookies are kept by host, and the callback comes to the base URL's.
    if !auth.is_secure() && host.is_some_and(|host| !hosts::is_base(host, &auth.base_url)) {
        let mut here = auth.page("/auth/login")?;
        if let Some(path) = &login.return_to {
            here.query_pairs_mut().append_pair("return", path);
        }
        if login.new_password {
            here.query_pairs_mut().append_pair("new_password", "true");
        }
        return Ok(see_other(here.as_str(), []));
    }
    let attempt = Attempt::start(login.return_to.as_deref())?;
    let ticket = auth.begin_attempt(&attempt, Timestamp::now()).await?;
    // Cognito's page for a forgotten password takes what its sign-in page takes, and goes on there.
    let page = if login.new_password {
        "/forgotPassword"
    } else {
        "/oauth2/authorize"
    };
    let mut url = auth.domain.join(page)?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &auth.client_id)
        .append_pair("redirect_uri", auth.page("/auth/callback")?.as_str())
        .append_pair(
            "scope",
            "openid email profile aws.cognito.signin.user.admin",
        )
        .append_pair("state", &attempt.state)
        .append_pair("nonce", &attempt.nonce)
        .append_pair("code_challenge_method", "S256")
        .append_pair("code_challenge", &attempt.challenge());
    let cookie = auth.set_cookie(Cookie::Attempt, &ticket, attempt::LIFE_SECONDS);
    Ok(see_other(url.as_str(), [(SET_COOKIE, cookie)]))
}

/// What the issuer sends the browser back with.
#[derive(Deserialize)]
pub(crate) struct Callback {
    code: Option<String>,
    #[serde(default)]
    state: String,
}

/// Takes the browser back from the sign-in page. An attempt is good for one
/// callback, whatever comes of it.
#[utoipa::path(get, path = "/auth/callback", tag = "sign-in",
    params(("code" = Option<String>, Query), ("state" = String, Query)),
    responses((status = 303, description = "Signed in"), (status = 400, body = wire::Problem)))]
pub(crate) async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> Result<Response, SignInError> {
    let auth = &app.auth;
    let now = Timestamp::now();
    let ticket = auth
        .ticket(&headers, Cookie::Attempt)
        .ok_or(SignInError::Attempt)?;
    let attempt = auth.take_attempt(&ticket, &callback.state, now).await?;
    let code = callback.code.ok_or(SignInError::Declined)?;
    let redirect_uri = auth.page("/auth/callback")?;
    let issued = auth
        .token_endpoint
        .exchange(&code, &attempt.verifier, redirect_uri.as_str())
        .await?;
    let id_token = issued.id_token.as_deref().ok_or(SignInError::Mismatch)?;
    let id = auth.verify_id(id_token).await?;
    let access = auth.verify_access(&issued.access_token).await?;
    let same_nonce = id
        .nonce
        .as_deref()
        .is_some_and(|nonce| equal(nonce, &attempt.nonce));
    if !same_nonce || id.sub != access.sub {
        return Err(SignInError::Mismatch);
    }
    if let Some(previous) = auth.ticket(&headers, Cookie::Session) {
        auth.end_session(&previous, now).await?;
    }
    if let Some(email) = id.email.as_deref().filter(|_| id.email_verified) {
        // Cognito tells nobody who signs up; an album that moves in later finds
        // its owners by their addresses, of which only verified ones count.
        let remembered = app.table.remember(&id.sub, email, id.name.as_deref());
        if let Err(error) = remembered.await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the account is not written down");
        }
    }
    let session = Session::new(issued, id.email, now);
    let ticket = auth.begin_session(&session).await?;
    let life = session::ABSOLUTE.as_secs();
    Ok(see_other(
        &attempt.return_to,
        [
            (SET_COOKIE, auth.set_cookie(Cookie::Session, &ticket, life)),
            (SET_COOKIE, auth.clear_cookie(Cookie::Attempt)),
        ],
    ))
}

/// Where the browser ends the sign-in page's own session.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedOut {
    /// Go there next.
    redirect: String,
}

/// Signs the browser out: the refresh token is revoked, the session deleted,
/// the cookie cleared.
#[utoipa::path(post, path = "/auth/logout", tag = "sign-in",
    responses((status = 200, body = LoggedOut), (status = 403, body = wire::Problem)))]
pub(crate) async fn logout(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, SignInError> {
    let auth = &app.auth;
    origin::check(&method, &headers, &auth.base_url).map_err(SignInError::Refused)?;
    if let Some(ticket) = auth.ticket(&headers, Cookie::Session)
        && let Some(session) = auth.end_session(&ticket, Timestamp::now()).await?
        && let Some(refresh_token) = &session.refresh_token
        && let Err(error) = auth.token_endpoint.revoke(refresh_token).await
    {
        // The session is gone here, and nobody else knows the token.
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "refresh token not revoked"
        );
    }
    let mut url = auth.domain.join("/logout")?;
    url.query_pairs_mut()
        .append_pair("client_id", &auth.client_id)
        .append_pair("logout_uri", auth.page("/")?.as_str());
    let redirect = url.into();
    let mut response = Json(LoggedOut { redirect }).into_response();
    let cookies = response.headers_mut();
    cookies.append(SET_COOKIE, auth.clear_cookie(Cookie::Session));
    if app.renditions.is_some() {
        for cookie in Renditions::forget() {
            cookies.append(SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// Tells clients that are not browsers where to sign in.
#[utoipa::path(get, path = "/v1/sign-in", tag = "sign-in", security(()),
    responses((status = 200, body = wire::SignIn), (status = 404, body = wire::Problem)))]
pub(crate) async fn endpoints(State(app): State<App>) -> Result<Json<wire::SignIn>, SignInError> {
    let auth = &app.auth;
    let client_id = auth.cli_client_id.clone();
    let client_id = client_id.ok_or_else(|| SignInError::Refused(Problem::not_found()))?;
    Ok(Json(wire::SignIn {
        cognito_endpoint: auth.cognito_endpoint.origin().ascii_serialization(),
        client_id,
        authorize_url: auth.domain.join("/oauth2/authorize")?.into(),
        token_url: auth.domain.join("/oauth2/token")?.into(),
    }))
}

impl Auth {
    fn page(&self, path: &str) -> Result<Url, url::ParseError> {
        self.base_url.join(path)
    }

    async fn begin_attempt(
        &self,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Ticket, SessionError> {
        let ticket = Ticket::generate()?;
        let purpose = Cookie::Attempt.purpose();
        let sealed = ticket.seal(purpose, serde_json::to_vec(attempt)?)?;
        let life = SignedDuration::from_secs(attempt::LIFE_SECONDS);
        let expires_at = now.saturating_add(life).unwrap_or(now);
        self.sessions
            .put(&ticket.id(purpose), sealed, expires_at)
            .await?;
        Ok(ticket)
    }

    /// The attempt, which is then gone. A wrong `state` leaves it, so that
    /// another site cannot spoil a sign-in by sending the browser here.
    async fn take_attempt(
        &self,
        ticket: &Ticket,
        state: &str,
        now: Timestamp,
    ) -> Result<Attempt, SignInError> {
        let purpose = Cookie::Attempt.purpose();
        let id = ticket.id(purpose);
        let sealed = self
            .sessions
            .get(&id, now)
            .await
            .map_err(SessionError::from)?;
        let sealed = sealed.ok_or(SignInError::Attempt)?;
        let plain = ticket.open(purpose, &sealed)?;
        let attempt: Attempt = serde_json::from_slice(&plain).map_err(SessionError::from)?;
        if !equal(&attempt.state, state) {
            return Err(SignInError::Attempt);
        }
        let taken = self
            .sessions
            .take(&id, now)
            .await
            .map_err(SessionError::from)?;
        taken.ok_or(SignInError::Attempt)?;
        Ok(attempt)
    }
}

fn equal(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

fn see_other<const N: usize>(url: &str, headers: [(HeaderName, HeaderValue); N]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = response.headers_mut();
    to.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(url) = HeaderValue::try_from(url) {
        to.insert(LOCATION, url);
    }
    for (name, value) in headers {
        to.append(name, value);
    }
    response
}

/// Why nobody was signed in or out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    #[error("the sign-in was not begun in this browser, has expired or was used before")]
    Attempt,
    #[error("the sign-in was not completed")]
    Declined,
    #[error("the issued tokens do not belong to this sign-in")]
    Mismatch,
    #[error("the request is refused")]
    Refused(Problem),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("an address of the sign-in makes no sense")]
    Url(#[from] url::ParseError),
}

impl IntoResponse for SignInError {
    fn into_response(self) -> Response {
        let status = StatusCode::BAD_REQUEST;
        let again = "go back to the album and sign in again";
        let problem = match &self {
            Self::Refused(problem) => problem.clone(),
            Self::Exchange(ExchangeError::Refused(_)) | Self::Attempt | Self::Declined => {
                let title = match &self {
                    Self::Exchange(_) => "this sign-in was used before or has expired".to_owned(),
                    ours => ours.to_string(),
                };
                Problem::new(status, "sign_in_refused", title).with_detail(again)
            }
            Self::Token(TokenError::Keys(_)) | Self::Exchange(_) | Self::Session(_) => {
                Problem::unavailable(&self)
            }
            Self::Mismatch | Self::Token(_) => {
                tracing::warn!(error = &self as &dyn std::error::Error, "sign-in refused");
                let title = "the issued tokens do not belong to this sign-in";
                Problem::new(status, "sign_in_refused", title).with_detail(again)
            }
            Self::Seal(_) | Self::Url(_) => Problem::internal(&self),
        };
        problem.into_response()
    }
}
