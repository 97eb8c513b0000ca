//! The file of everything short-lived: codes, sessions, grants, tries, mails.

use std::path::Path;
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

const TABLES: &str = "
create table if not exists codes (
    user text not null,
    purpose text not null,
    code text not null,
    expires_at integer not null,
    tries integer not null,
    primary key (user, purpose)
) strict;
create table if not exists sessions (
    id text primary key,
    refresh_hash text not null unique,
    user text not null,
    client text not null,
    scope text not null,
    signed_in_at integer not null,
    expires_at integer not null
) strict;
create table if not exists grants (
    code_hash text primary key,
    user text not null,
    client text not null,
    redirect_uri text not null,
    challenge text,
    nonce text,
    scope text not null,
    expires_at integer not null
) strict;
create table if not exists tries (
    account text primary key,
    failures integer not null,
    locked_until integer not null,
    last_at integer not null
) strict;
create table if not exists outbox (
    id integer primary key autoincrement,
    at integer not null,
    recipient text not null,
    subject text not null,
    code text not null
) strict;
";

/// Opens the file so that a committed statement survives a power cut.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

/// A secret that nobody guesses: 256 random bits.
pub(super) fn secret() -> String {
    BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>())
}

/// How a secret is kept, so that the file alone lets nobody in.
pub(super) fn hash_secret(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret.as_bytes()))
}
