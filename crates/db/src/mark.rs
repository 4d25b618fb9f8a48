//! What says in a database that it was left for another, or is not complete yet.

use crate::{DbError, Tx, params};
use kernel::Timestamp;
use std::sync::Arc;

/// What says so, among the steps of the tables.
const MOVED: &str = "moved";
/// Its word while a database is being filled.
const FILLING: &str = "filling";

/// A mark, and the move that set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// By a run of that move; a later one takes its place.
    Filling { by: String, run: String },
    /// Everything went, or is about to go, to there, by a run of that move.
    Moved {
        to: Arc<str>,
        by: String,
        run: String,
    },
}

pub(crate) fn read(tx: &mut Tx<'_>) -> Result<Option<Mark>, DbError> {
    if !tx.has_table("schema_migration")? {
        return Ok(None);
    }
    let sql = "SELECT name, sha256 FROM schema_migration WHERE context = $1";
    let marked: Option<(String, String)> = tx.query_opt_as(sql, params![MOVED])?;
    let Some((word, of)) = marked else {
        return Ok(None);
    };
    let (by, run) = of.split_once(' ').unwrap_or((&of, ""));
    let (by, run) = (by.to_owned(), run.to_owned());
    Ok(Some(match &*word {
        FILLING => Mark::Filling { by, run },
        to => Mark::Moved {
            to: to.into(),
            by,
            run,
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
    let (word, by, run) = match mark {
        Mark::Filling { by, run } => (FILLING, by, run),
        Mark::Moved { to, by, run } => (&**to, by, run),
    };
    take_away(tx)?;
    tx.run(
        "INSERT INTO schema_migration (context, version, name, sha256, works_from, applied_at)
         VALUES ($1, 1, $2, $3, 1, $4)",
        params![MOVED, word, format!("{by} {run}"), now],
    )
}

pub(crate) fn take_away(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let sql = "DELETE FROM schema_migration WHERE context = $1";
    tx.run(sql, params![MOVED])
}

/// Whether the database is still this run's to fill. Another waits until this
/// transaction has ended.
pub(crate) fn still_ours(tx: &mut Tx<'_>, run: &str) -> Result<(), DbError> {
    let sql = "UPDATE schema_migration SET applied_at = applied_at WHERE context = $1";
    tx.execute(sql, params![MOVED])?;
    match read(tx)? {
        Some(Mark::Filling { run: of, .. }) if of == run => Ok(()),
        _ => Err(DbError::Filling),
    }
}
