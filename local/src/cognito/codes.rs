//! Codes that prove an e-mail address, the mails that carry them, and tries at passwords.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use tracing::info;

use super::fault::Fault;

/// A code is good for a day.
const CODE_LIFE_MS: i64 = 24 * 60 * 60 * 1000;
const MOST_TRIES: i64 = 5;
/// The outbox keeps the last mails only.
const MOST_MAILS: i64 = 500;
const LONGEST_LOCK_SECONDS: i64 = 15 * 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Confirm,
    Reset,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Confirm => "Your CloudAlbum confirmation code",
            Self::Reset => "Your CloudAlbum password reset code",
        }
    }
}

/// A mail that a cloud would have sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// Milliseconds since 1970.
    pub at: i64,
    pub to: String,
    pub subject: String,
    pub code: String,
}

/// Sends a fresh code; an earlier one for the same purpose is void.
pub(super) fn send(
    ledger: &Connection,
    now: i64,
    user: &str,
    email: &str,
    purpose: Purpose,
) -> Result<(), Fault> {
    let code = format!("{:06}", rand::random_range(0..1_000_000_u32));
    ledger.execute(
        "insert or replace into codes (user, purpose, code, expires_at, tries) \
         values (?1, ?2, ?3, ?4, 0)",
        params![user, purpose.name(), code, now + CODE_LIFE_MS],
    )?;
    ledger.execute(
        "insert into outbox (at, recipient, subject, code) values (?1, ?2, ?3, ?4)",
        params![now, email, purpose.subject(), code],
    )?;
    ledger.execute(
        "delete from outbox where id <= (select max(id) from outbox) - ?1",
        params![MOST_MAILS],
    )?;
    info!(code, "mail in the outbox: {}", purpose.subject());
    Ok(())
}

/// Uses a code up; the fifth wrong try voids it.
pub(super) fn redeem(
    ledger: &Connection,
    now: i64,
    user: &str,
    purpose: Purpose,
    given: &str,
) -> Result<(), Fault> {
    let key = params![user, purpose.name()];
    let held: Option<(String, i64, i64)> = ledger
        .query_row(
            "select code, expires_at, tries from codes where user = ?1 and purpose = ?2",
            key,
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    match held {
        None => Err(Fault::ExpiredCode),
        Some((_, expires_at, _)) if expires_at <= now => Err(Fault::ExpiredCode),
        Some((_, _, tries)) if tries >= MOST_TRIES => Err(Fault::LimitExceeded),
        Some((code, _, _)) if code == given.trim() => {
            ledger.execute("delete from codes where user = ?1 and purpose = ?2", key)?;
            Ok(())
        }
        Some(_) => {
            ledger.execute(
                "update codes set tries = tries + 1 where user = ?1 and purpose = ?2",
                key,
            )?;
            Err(Fault::CodeMismatch)
        }
    }
}

/// The mails, newest first.
pub(super) fn outbox(ledger: &Connection) -> Result<Vec<Mail>, Fault> {
    let mut statement = ledger
        .prepare_cached("select at, recipient, subject, code from outbox order by id desc")?;
    let rows = statement.query_map([], |row| {
        Ok(Mail {
            at: row.get(0)?,
            to: row.get(1)?,
            subject: row.get(2)?,
            code: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Counts a try at a password before it is verified, so that many at once gain nothing.
///
/// Accounts that do not exist are counted alike, which tells nobody that they do not.
pub(super) fn count_try(ledger: &Connection, now: i64, account: &str) -> Result<(), Fault> {
    ledger.execute(
        "delete from tries where last_at < ?1",
        params![now - DAY_MS],
    )?;
    let held: Option<(i64, i64)> = ledger
        .query_row(
            "select failures, locked_until from tries where account = ?1",
            params![account],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let (failures, locked_until) = held.unwrap_or_default();
    if now < locked_until {
        return Err(Fault::LockedOut);
    }
    let failures = failures + 1;
    let lock_seconds = match u32::try_from(failures - MOST_TRIES) {
        Ok(over) => 2_i64
            .checked_pow(over)
            .map_or(LONGEST_LOCK_SECONDS, |seconds| {
                seconds.min(LONGEST_LOCK_SECONDS)
            }),
        Err(_) => 0,
    };
    ledger.execute(
        "insert or replace into tries (account, failures, locked_until, last_at) \
         values (?1, ?2, ?3, ?4)",
        params![account, failures, now + lock_seconds * 1000, now],
    )?;
    Ok(())
}

/// Forgets the failed tries of an account whose owner proved to be there.
pub(super) fn forget_tries(ledger: &Connection, account: &str) -> Result<(), Fault> {
    ledger.execute("delete from tries where account = ?1", params![account])?;
    Ok(())
}
