//! Our two cookies.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::Auth;
use super::seal::Ticket;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// Somebody is signed in.
    Session,
    /// A sign-in is under way.
    Attempt,
}

impl Cookie {
    /// The purpose of its ticket.
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Attempt => "attempt",
        }
    }

    /// Browsers keep `__Host-` cookies for https alone, so that plain http on
    /// a home network has the bare name.
    fn name(self, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        format!("{prefix}{}", self.purpose())
    }
}

impl Auth {
    /// The ticket in the request's cookie.
    pub(super) fn ticket(&self, headers: &HeaderMap, cookie: Cookie) -> Option<Ticket> {
        let name = cookie.name(self.is_secure());
        let pairs = headers.get_all(COOKIE).iter();
        let pairs = pairs.filter_map(|value| value.to_str().ok());
        let mut pairs = pairs
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(found, _)| *found == name)?;
        Ticket::parse(value)
    }

    /// The header that gives the browser `ticket` for `seconds`.
    pub(super) fn set_cookie(&self, cookie: Cookie, ticket: &Ticket, seconds: i64) -> HeaderValue {
        self.cookie_header(cookie, &ticket.reveal(), seconds)
    }

    /// The header that makes the browser forget.
    pub(super) fn clear_cookie(&self, cookie: Cookie) -> HeaderValue {
        self.cookie_header(cookie, "", 0)
    }

    fn cookie_header(&self, cookie: Cookie, value: &str, seconds: i64) -> HeaderValue {
        let name = cookie.name(self.is_secure());
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let header =
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        HeaderValue::try_from(header).expect("base64url and fixed text are header bytes")
    }
}
