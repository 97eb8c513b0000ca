//! Accounts of the user pool: made, confirmed, proved and mended.

use uuid::Uuid;

use super::codes::{self, Purpose};
use super::fault::Fault;
use super::password;
use super::pool::Pool;
use super::session;
use super::users::User;

impl Pool {
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

    fn known(&self, email: &str) -> Result<Option<User>, Fault> {
        match parse_email(email) {
            Ok(email) => self.users.by_email(&email),
            Err(_) => Ok(None),
        }
    }

    fn mail(&self, user: &User, purpose: Purpose) -> Result<(), Fault> {
        codes::send(&self.ledger(), self.now(), &user.id, &user.email, purpose)
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
