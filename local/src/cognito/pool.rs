//! The user pool: sessions, their tokens, and who a token speaks for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::Settings;
use super::client::Client;
use super::codes::{self, Mail};
use super::fault::Fault;
use super::key::Key;
use super::session::{self, Grant, Session};
use super::token::{self, Access};
use super::users::{User, Users};
use crate::clock::Clock;

/// The scope without which a token does not reach the account behind it.
pub(super) const ADMIN_SCOPE: &str = "aws.cognito.signin.user.admin";

const NO_TOKEN: Fault = Fault::NotAuthorized("Access Token is not valid or has been revoked");
const NO_REFRESH: Fault = Fault::NotAuthorized("Invalid Refresh Token");

pub(super) struct Pool {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) key: Key,
    pub(super) users: Users,
    pub(super) ledger: Mutex<Connection>,
}

/// What a sign-in hands out.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) identity: String,
    /// Only with a new session.
    pub(super) refresh: Option<String>,
    pub(super) scope: String,
}

impl Pool {
    pub(super) fn client(&self, id: &str) -> Result<&Client, Fault> {
        let mut clients = self.settings.clients.iter();
        clients
            .find(|client| client.id == id)
            .ok_or(Fault::UnknownClient)
    }

    pub(super) fn sign_out_everywhere(&self, access_token: &str) -> Result<(), Fault> {
        let (_, user) = self.caller(access_token)?;
        session::close_all(&self.ledger(), &user.id)
    }

    /// Who an access token speaks for, as long as its session lasts.
    pub(super) fn caller(&self, access_token: &str) -> Result<(Access, User), Fault> {
        let access: Access = self.key.open_token(access_token).ok_or(NO_TOKEN)?;
        let live = access.iss == self.settings.issuer
            && access.token_use == "access"
            && access.exp > self.now() / 1000;
        if !live {
            return Err(NO_TOKEN);
        }
        if !access.scope.split(' ').any(|scope| scope == ADMIN_SCOPE) {
            return Err(Fault::NotAuthorized(
                "Access Token does not have required scopes",
            ));
        }
        session::by_id(&self.ledger(), self.now(), &access.origin_jti)?.ok_or(NO_TOKEN)?;
        let user = self.users.by_id(&access.sub)?.ok_or(NO_TOKEN)?;
        Ok((access, user))
    }

    /// Opens a session for someone who has proved who they are.
    pub(super) fn sign_in(
        &self,
        client: &Client,
        user: &User,
        scope: &str,
        nonce: Option<&str>,
    ) -> Result<Tokens, Fault> {
        let (session, refresh) =
            session::open(&self.ledger(), self.now(), &user.id, &client.id, scope)?;
        let mut tokens = self.tokens(&session, user, nonce)?;
        tokens.refresh = Some(refresh);
        Ok(tokens)
    }

    /// New tokens for a session; `accept` may refuse the account it belongs to.
    pub(super) fn refresh(
        &self,
        client: &Client,
        refresh: &str,
        accept: impl FnOnce(&User) -> Result<(), Fault>,
    ) -> Result<Tokens, Fault> {
        let session = session::by_refresh_token(&self.ledger(), self.now(), refresh)?
            .filter(|session| session.client == client.id)
            .ok_or(NO_REFRESH)?;
        let user = self.users.by_id(&session.user)?.ok_or(NO_REFRESH)?;
        accept(&user)?;
        self.tokens(&session, &user, None)
    }

    /// Ends the session of a refresh token; an unknown token is no error.
    pub(super) fn revoke(&self, client: &Client, refresh: &str) -> Result<(), Fault> {
        let ledger = self.ledger();
        match session::by_refresh_token(&ledger, self.now(), refresh)? {
            Some(session) if session.client == client.id => session::close(&ledger, &session.id),
            Some(_) => Err(Fault::UnsupportedToken),
            None => Ok(()),
        }
    }

    pub(super) fn grant(&self, grant: &Grant) -> Result<String, Fault> {
        session::grant(&self.ledger(), self.now(), grant)
    }

    pub(super) fn redeem(&self, code: &str) -> Result<Option<Grant>, Fault> {
        session::redeem(&self.ledger(), self.now(), code)
    }

    pub(super) fn outbox(&self) -> Result<Vec<Mail>, Fault> {
        codes::outbox(&self.ledger())
    }

    fn tokens(&self, session: &Session, user: &User, nonce: Option<&str>) -> Result<Tokens, Fault> {
        let (issuer, now) = (&self.settings.issuer, self.now() / 1000);
        Ok(Tokens {
            access: token::access(&self.key, issuer, now, session, user)?,
            identity: token::identity(&self.key, issuer, now, session, user, nonce)?,
            refresh: None,
            scope: session.scope.clone(),
        })
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Connection> {
        // Every use is one statement or safe to stop in between.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}
