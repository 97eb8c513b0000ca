//! Notifications that are due: written with the object they tell of, gone once delivered.

use rusqlite::{Connection, Transaction, params};

/// Adds the body that `write` makes of its sequence number, which only ever grows.
pub(super) fn add(tx: &Transaction<'_>, write: impl FnOnce(i64) -> String) -> rusqlite::Result<()> {
    tx.execute("INSERT INTO outbox (body) VALUES ('')", [])?;
    let sequence = tx.last_insert_rowid();
    tx.execute(
        "UPDATE outbox SET body = ?2 WHERE id = ?1",
        params![sequence, write(sequence)],
    )?;
    Ok(())
}

/// What is due, oldest first.
pub(super) fn due(index: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    index
        .prepare_cached("SELECT id, body FROM outbox ORDER BY id LIMIT 1000")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Forgets a notification that was delivered.
pub(super) fn done(index: &Connection, id: i64) -> rusqlite::Result<()> {
    index.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
    Ok(())
}
