//! The verified caller of a request.

use axum::extract::FromRequestParts;
use cloudalbum_domain::OwnerId;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;

use super::cookie::Cookie;
use super::origin;
use super::token::{AccessClaims, TokenError};
use crate::app::App;
use crate::problem::Problem;
use crate::renditions::Viewer;

/// Who may open the board.
const OPERATORS: &str = "operators";

/// Who is asking. A handler that takes one refuses everybody else, and
/// changes that another site had a browser send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The Cognito `sub`.
    pub owner: OwnerId,
    /// Known for browser sessions; access tokens do not carry it.
    pub email: Option<String>,
    /// The name that they signed in by.
    pub username: String,
    /// Whether the board is open to them.
    pub operator: bool,
    /// Whether they came by a session's cookie, so that the answer brings the
    /// cookies of their renditions.
    pub browser: bool,
}

impl Caller {
    /// Refuses all but operators.
    pub fn require_operator(&self) -> Result<(), Problem> {
        if self.operator {
            return Ok(());
        }
        let title = "this is for operators";
        Err(Problem::new(StatusCode::FORBIDDEN, "operators_only", title)
            .with_detail("an operator can add you with `cloudalbum operators add`"))
    }

    fn new(claims: AccessClaims, email: Option<String>, browser: bool) -> Self {
        Self {
            operator: claims.groups.iter().any(|group| group == OPERATORS),
            owner: claims.sub,
            username: claims.username,
            email,
            browser,
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    /// A bearer token decides where there is one; a cookie is looked at only
    /// without.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = match parts.headers.get(AUTHORIZATION) {
            Some(value) => by_bearer(value.as_bytes(), app).await?,
            None => by_cookie(parts, app).await?,
        };
        tracing::Span::current().record("owner.id", caller.owner.as_str());
        Ok(caller)
    }
}

async fn by_bearer(header: &[u8], app: &App) -> Result<Caller, Problem> {
    let header = std::str::from_utf8(header).unwrap_or_default();
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => {
            return Err(Problem::unauthorized(
                "send `Authorization: Bearer <access token>`",
            ));
        }
    };
    match app.auth.verify_access(token).await {
        Ok(claims) => Ok(Caller::new(claims, None, false)),
        Err(TokenError::Keys(error)) => Err(Problem::unavailable(&error)),
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "token refused");
            Err(Problem::unauthorized(
                "the access token is not valid or has expired",
            ))
        }
    }
}

async fn by_cookie(parts: &Parts, app: &App) -> Result<Caller, Problem> {
    let ticket = app
        .auth
        .ticket(&parts.headers, Cookie::Session)
        .ok_or_else(|| Problem::unauthorized("sign in first"))?;
    origin::check(&parts.method, &parts.headers, &app.settings.base_url)?;
    match app.auth.resume_session(&ticket, Timestamp::now()).await {
        Ok(Some((session, claims))) => {
            let caller = Caller::new(claims, session.email, true);
            if let Some(viewer) = parts.extensions.get::<Viewer>() {
                viewer.get_or_init(|| caller.owner.clone());
            }
            Ok(caller)
        }
        Ok(None) => Err(Problem::unauthorized(
            "the session has ended; sign in again",
        )),
        Err(error) => Err(Problem::unavailable(&error)),
    }
}
