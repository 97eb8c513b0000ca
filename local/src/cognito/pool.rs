//! The user pool: accounts, proofs of who one is, and the tokens that follow.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use uuid::Uuid;

use super::Settings;
use super::client::Client;
use super::codes::{self, Mail, Purpose};
use super::fault::Fault;
use super::key::Key;
use super::password;
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

    /// Makes an unconfirmed account and returns its `sub`.
    pub(super) fn sign_up(
        &self,
        email: &str,
        password: &str,
        username: Option<&str>,
    ) -> Result<String, Fault> {
        let email = parse_email(email)?;
        password::check(password)?;
        let username = match username {
            Some(name) => parse_username(name)?,
            None => email.clone(),
        };
        let password_hash = password::hash(password)?;
        // Held until the account is there, so that two sign-ups cannot share an address.
        let ledger = self.ledger();
        if self.users.by_email(&email)?.is_some() {
            return Err(Fault::UsernameExists);
        }
        let user = User {
            id: Uuid::new_v4().to_string(),
            email,
            username,
            password_hash,
            confirmed: false,
            groups: Vec::new(),
        };
        self.users.insert(&user, &self.clock.now().to_string())?;
        codes::send(&ledger, self.now(), &user.id, &user.email, Purpose::Confirm)?;
        Ok(user.id)
    }

    pub(super) fn confirm(&self, email: &str, code: &str) -> Result<(), Fault> {
        let user = self.known(email)?.ok_or(Fault::CodeMismatch)?;
        if user.confirmed {
            return Err(Fault::NotAuthorized(
                "User cannot be confirmed. Current status is CONFIRMED",
            ));
        }
        codes::redeem(&self.ledger(), self.now(), &user.id, Purpose::Confirm, code)?;
        self.users.confirm(&user.id)
    }

    /// Sends the code again; an unknown address is answered alike.
    pub(super) fn resend(&self, email: &str) -> Result<(), Fault> {
        match self.known(email)? {
            Some(user) if user.confirmed => {
                Err(Fault::InvalidParameter("User is already confirmed."))
            }
            Some(user) => self.mail(&user, Purpose::Confirm),
            None => Ok(()),
        }
    }

    /// Returns the confirmed account behind an address and a password.
    pub(super) fn authenticate(&self, email: &str, password: &str) -> Result<User, Fault> {
        let email = email.trim().to_lowercase();
        if email.len() > LONGEST_EMAIL {
            return Err(Fault::WrongPassword);
        }
        codes::count_try(&self.ledger(), self.now(), &email)?;
        let user = self.users.by_email(&email)?;
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let right = password::verify(password, hash)?;
        let user = user.filter(|_| right).ok_or(Fault::WrongPassword)?;
        codes::forget_tries(&self.ledger(), &email)?;
        if user.confirmed {
            Ok(user)
        } else {
            Err(Fault::UserNotConfirmed)
        }
    }

    /// Mails a reset code; an unknown address is answered alike.
    pub(super) fn forgot(&self, email: &str) -> Result<(), Fault> {
        match self.known(email)? {
            Some(user) if user.confirmed => self.mail(&user, Purpose::Reset),
            _ => Ok(()),
        }
    }

    /// Sets a new password by a mailed code, and ends every session.
    pub(super) fn reset(&self, email: &str, code: &str, password: &str) -> Result<(), Fault> {
        password::check(password)?;
        let user = self.known(email)?.ok_or(Fault::CodeMismatch)?;
        codes::redeem(&self.ledger(), self.now(), &user.id, Purpose::Reset, code)?;
        let hash = password::hash(password)?;
        self.users.set_password_hash(&user.id, &hash)?;
        let ledger = self.ledger();
        session::close_all(&ledger, &user.id)?;
        codes::forget_tries(&ledger, &user.email)
    }

    pub(super) fn change_password(
        &self,
        access_token: &str,
        previous: &str,
        proposed: &str,
    ) -> Result<(), Fault> {
        let (_, user) = self.caller(access_token)?;
        self.authenticate(&user.email, previous)?;
        password::check(proposed)?;
        let hash = password::hash(proposed)?;
        self.users.set_password_hash(&user.id, &hash)
    }

    pub(super) fn rename(&self, access_token: &str, username: &str) -> Result<(), Fault> {
        let (_, user) = self.caller(access_token)?;
        self.users
            .set_username(&user.id, &parse_username(username)?)
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

    fn known(&self, email: &str) -> Result<Option<User>, Fault> {
        match parse_email(email) {
            Ok(email) => self.users.by_email(&email),
            Err(_) => Ok(None),
        }
    }

    fn mail(&self, user: &User, purpose: Purpose) -> Result<(), Fault> {
        codes::send(&self.ledger(), self.now(), &user.id, &user.email, purpose)
    }

    fn ledger(&self) -> MutexGuard<'_, Connection> {
        // Every use is one statement or safe to stop in between.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

const LONGEST_EMAIL: usize = 254;

/// Folds an address; only what could never be one is refused, since the code proves the rest.
fn parse_email(email: &str) -> Result<String, Fault> {
    let email = email.trim().to_lowercase();
    let legal = |c: char| !c.is_whitespace() && !c.is_control();
    let parts = email.split_once('@');
    let whole = parts
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if whole && email.len() <= LONGEST_EMAIL && email.chars().all(legal) {
        Ok(email)
    } else {
        Err(Fault::InvalidParameter("Username should be an email."))
    }
}

fn parse_username(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    if (1..=128).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(Fault::InvalidParameter(
            "A name has 1 to 128 characters, none of them a control character.",
        ))
    }
}
