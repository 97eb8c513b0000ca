//! Sessions with their refresh tokens, and the grants that open them.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::fault::Fault;
use super::ledger::{hash_secret, secret};

/// A refresh token is good for 30 days, as in Cognito.
const SESSION_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// An authorization code is good for five minutes.
const GRANT_LIFE_MS: i64 = 5 * 60 * 1000;

/// Someone signed in through one client; every token of it ends with it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The `origin_jti` of its tokens.
    pub(super) id: String,
    pub(super) user: String,
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) signed_in_at: i64,
}

/// What an authorization code stands for.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) user: String,
    pub(super) client: String,
    pub(super) redirect_uri: String,
    /// The S256 challenge of PKCE.
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
}

/// Opens a session and returns it with its refresh token.
pub(super) fn open(
    ledger: &Connection,
    now: i64,
    user: &str,
    client: &str,
    scope: &str,
) -> Result<(Session, String), Fault> {
    let refresh = secret();
    let session = Session {
        id: Uuid::new_v4().to_string(),
        user: user.to_owned(),
        client: client.to_owned(),
        scope: scope.to_owned(),
        signed_in_at: now,
    };
    ledger.execute("delete from sessions where expires_at <= ?1", params![now])?;
    ledger.execute(
        "insert into sessions (id, refresh_hash, user, client, scope, signed_in_at, expires_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            session.id,
            hash_secret(&refresh),
            user,
            client,
            scope,
            now,
            now + SESSION_LIFE_MS,
        ],
    )?;
    Ok((session, refresh))
}

pub(super) fn by_refresh_token(
    ledger: &Connection,
    now: i64,
    refresh: &str,
) -> Result<Option<Session>, Fault> {
    find(ledger, now, "refresh_hash", &hash_secret(refresh))
}

pub(super) fn by_id(ledger: &Connection, now: i64, id: &str) -> Result<Option<Session>, Fault> {
    find(ledger, now, "id", id)
}

pub(super) fn close(ledger: &Connection, id: &str) -> Result<(), Fault> {
    ledger.execute("delete from sessions where id = ?1", params![id])?;
    Ok(())
}

pub(super) fn close_all(ledger: &Connection, user: &str) -> Result<(), Fault> {
    ledger.execute("delete from sessions where user = ?1", params![user])?;
    ledger.execute("delete from grants where user = ?1", params![user])?;
    Ok(())
}

/// Keeps a grant and returns its code.
pub(super) fn grant(ledger: &Connection, now: i64, grant: &Grant) -> Result<String, Fault> {
    let code = secret();
    ledger.execute("delete from grants where expires_at <= ?1", params![now])?;
    ledger.execute(
        "insert into grants \
         (code_hash, user, client, redirect_uri, challenge, nonce, scope, expires_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            hash_secret(&code),
            grant.user,
            grant.client,
            grant.redirect_uri,
            grant.challenge,
            grant.nonce,
            grant.scope,
            now + GRANT_LIFE_MS,
        ],
    )?;
    Ok(code)
}

/// Uses a code up, whether or not what follows succeeds.
pub(super) fn redeem(ledger: &Connection, now: i64, code: &str) -> Result<Option<Grant>, Fault> {
    let grant = ledger
        .query_row(
            "delete from grants where code_hash = ?1 \
             returning user, client, redirect_uri, challenge, nonce, scope, expires_at",
            params![hash_secret(code)],
            |row| {
                let grant = Grant {
                    user: row.get(0)?,
                    client: row.get(1)?,
                    redirect_uri: row.get(2)?,
                    challenge: row.get(3)?,
                    nonce: row.get(4)?,
                    scope: row.get(5)?,
                };
                Ok((grant, row.get::<_, i64>(6)?))
            },
        )
        .optional()?;
    Ok(grant
        .filter(|(_, expires_at)| *expires_at > now)
        .map(|(grant, _)| grant))
}

fn find(
    ledger: &Connection,
    now: i64,
    column: &'static str,
    value: &str,
) -> Result<Option<Session>, Fault> {
    let query = format!(
        "select id, user, client, scope, signed_in_at from sessions \
         where {column} = ?1 and expires_at > ?2"
    );
    let session = ledger
        .prepare_cached(&query)?
        .query_row(params![value, now], |row| {
            Ok(Session {
                id: row.get(0)?,
                user: row.get(1)?,
                client: row.get(2)?,
                scope: row.get(3)?,
                signed_in_at: row.get(4)?,
            })
        })
        .optional()?;
    Ok(session)
}
