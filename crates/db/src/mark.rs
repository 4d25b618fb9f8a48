//! What says in a database that it was left for another, or is not complete yet.

use crate::{DbError, Tx, params};
use kernel::Timestamp;
use std::sync::Arc;

/// What says so, among the steps of the tables.
const MOVED: &str = "moved";
/// Its word while a database is being filled.
const FILLING: &str = "filling by ";

/// A mark, and the move that set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// By a run of that move; a later one takes its place.
    Filling { by: String, run: String },
    /// Everything went, or is about to go, to there.
    Moved { to: Arc<str>, by: String },
}

pub(crate) fn read(tx: &mut Tx<'_>) -> Result<Option<Mark>, DbError> {
    if !tx.has_table("schema_migration")? {
        return Ok(None);
    }
    let sql = "SELECT name, sha256 FROM schema_migration WHERE context = $1";
    let Some(row) = tx.query_opt(sql, params![MOVED])? else {
        return Ok(None);
    };
    let by = row.get("sha256")?;
    let word: String = row.get("name")?;
    Ok(Some(match word.strip_prefix(FILLING) {
        Some(run) => Mark::Filling {
            by,
            run: run.to_owned(),
        },
        None => Mark::Moved {
            to: word.into(),
            by,
        },
    }))
}

/// Holds for whoever works on a database.
///
/// # Errors
/// [`DbError::Moved`], [`DbError::Filling`].
pub(crate) fn not_moved(tx: &mut Tx<'_>) -> Result<(), DbError> {
    match read(tx)? {
        None => Ok(()),
        Some(Mark::Filling { .. }) => Err(DbError::Filling),
        Some(Mark::Moved { to, .. }) => Err(DbError::Moved { to }),
    }
}

pub(crate) fn set(tx: &mut Tx<'_>, mark: &Mark, now: Timestamp) -> Result<(), DbError> {
    let (word, by) = match mark {
        Mark::Filling { by, run } => (format!("{FILLING}{run}"), by),
        Mark::Moved { to, by } => (to.to_string(), by),
    };
    take_away(tx)?;
    tx.execute(
        "INSERT INTO schema_migration (context, version, name, sha256, works_from, applied_at)
         VALUES ($1, 1, $2, $3, 1, $4)",
        params![MOVED, word, by, now],
    )
    .map(drop)
}

pub(crate) fn take_away(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let sql = "DELETE FROM schema_migration WHERE context = $1";
    tx.execute(sql, params![MOVED]).map(drop)
}

/// Whether the database is still this run's to fill. Another waits until this
/// transaction has ended.
pub(crate) fn still_ours(tx: &mut Tx<'_>, run: &str) -> Result<(), DbError> {
    let ours = tx.execute(
        "UPDATE schema_migration SET applied_at = applied_at WHERE context = $1 AND name = $2",
        params![MOVED, format!("{FILLING}{run}")],
    )?;
    if ours == 1 {
        Ok(())
    } else {
        Err(DbError::Filling)
    }
}
