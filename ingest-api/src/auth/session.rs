//! A signed-in browser: tokens kept on the server, refreshed in time, for as
//! long as it is used.

use cloudalbum_aws::sessions::SessionsError;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Auth;
use super::cookie::Cookie;
use super::seal::{SealError, Ticket};
use super::token::{AccessClaims, TokenError};
use super::token_endpoint::{ExchangeError, Issued};

/// A session ends when it was not used for this long.
const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A session ends this long after the sign-in.
pub(super) const ABSOLUTE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A use is written down at most this often.
const TOUCH: SignedDuration = SignedDuration::from_hours(1);
/// An access token that expires sooner is refreshed first.
const REFRESH_BEFORE: SignedDuration = SignedDuration::from_secs(60);

/// What is sealed in the table `Session`.
#[derive(Serialize, Deserialize)]
pub(super) struct Session {
    access_token: String,
    pub(super) refresh_token: Option<String>,
    /// The e-mail address of the ID token.
    pub(super) email: Option<String>,
    signed_in_at: Timestamp,
    used_at: Timestamp,
}

impl Session {
    pub(super) fn new(issued: Issued, email: Option<String>, now: Timestamp) -> Self {
        Self {
            access_token: issued.access_token,
            refresh_token: issued.refresh_token,
            email,
            signed_in_at: now,
            used_at: now,
        }
    }

    /// The earlier of the idle and the absolute end.
    fn expires_at(&self) -> Timestamp {
        let end = |from: Timestamp, life| from.saturating_add(life).unwrap_or(from);
        end(self.used_at, IDLE).min(end(self.signed_in_at, ABSOLUTE))
    }
}

impl Auth {
    /// Stores a new session under a new ticket.
    pub(super) async fn begin_session(&self, session: &Session) -> Result<Ticket, SessionError> {
        let ticket = Ticket::generate()?;
        let sealed = seal(&ticket, session)?;
        let id = ticket.id(Cookie::Session.purpose());
        self.sessions.put(&id, sealed, session.expires_at()).await?;
        Ok(ticket)
    }

    /// The session behind `ticket` with a verified access token, refreshed
    /// when it is about to expire. `None` when there is none any more.
    pub(super) async fn resume_session(
        &self,
        ticket: &Ticket,
        now: Timestamp,
    ) -> Result<Option<(Session, AccessClaims)>, SessionError> {
        let id = ticket.id(Cookie::Session.purpose());
        let Some(sealed) = self.sessions.get(&id, now).await? else {
            return Ok(None);
        };
        let mut session = open(ticket, &sealed)?;
        let mut changed = now.duration_since(session.used_at) > TOUCH;
        let current = match self.verify_access(&session.access_token).await {
            Ok(claims) if seconds_left(&claims, now) > REFRESH_BEFORE.as_secs() => Some(claims),
            Ok(_) | Err(TokenError::Invalid(_) | TokenError::UnknownKey) => None,
            Err(error) => return Err(error.into()),
        };
        let claims = if let Some(claims) = current {
            claims
        } else {
            let Some(claims) = self.refresh(&mut session).await? else {
                self.sessions.take(&id, now).await?;
                return Ok(None);
            };
            changed = true;
            claims
        };
        if changed {
            session.used_at = now;
            let sealed = seal(ticket, &session)?;
            if !self
                .sessions
                .replace(&id, sealed, session.expires_at())
                .await?
            {
                return Ok(None);
            }
        }
        Ok(Some((session, claims)))
    }

    /// Removes the session and returns it.
    pub(super) async fn end_session(
        &self,
        ticket: &Ticket,
        now: Timestamp,
    ) -> Result<Option<Session>, SessionError> {
        let id = ticket.id(Cookie::Session.purpose());
        match self.sessions.take(&id, now).await? {
            Some(sealed) => Ok(Some(open(ticket, &sealed)?)),
            None => Ok(None),
        }
    }

    /// `None` when the issuer refuses to go on.
    async fn refresh(&self, session: &mut Session) -> Result<Option<AccessClaims>, SessionError> {
        let Some(refresh_token) = &session.refresh_token else {
            return Ok(None);
        };
        let issued = match self.token_endpoint.refresh(refresh_token).await {
            Ok(issued) => issued,
            Err(ExchangeError::Refused(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let claims = self.verify_access(&issued.access_token).await?;
        session.access_token = issued.access_token;
        if issued.refresh_token.is_some() {
            session.refresh_token = issued.refresh_token;
        }
        Ok(Some(claims))
    }
}

fn seconds_left(claims: &AccessClaims, now: Timestamp) -> i64 {
    claims.exp.saturating_sub(now.as_second())
}

fn seal(ticket: &Ticket, session: &Session) -> Result<Vec<u8>, SessionError> {
    let plain = serde_json::to_vec(session)?;
    Ok(ticket.seal(Cookie::Session.purpose(), plain)?)
}

fn open(ticket: &Ticket, sealed: &[u8]) -> Result<Session, SessionError> {
    let plain = ticket.open(Cookie::Session.purpose(), sealed)?;
    Ok(serde_json::from_slice(&plain)?)
}

/// A session could not be read, kept or refreshed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Store(#[from] SessionsError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("a stored session is not JSON")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}
