//! What says in a database that it was left for another, or is not complete yet.

use super::table::Table;
use crate::{DbError, Tx, params};
use kernel::Timestamp;
use std::sync::Arc;

/// What says so, among the steps of the tables.
const MOVED: &str = "moved";
/// Its word while a database is being filled.
const FILLING: &str = "filling";

/// A mark, and the move that set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Filling {
        by: String,
    },
    /// Everything went, or is about to go, to there.
    Moved {
        to: Arc<str>,
        by: String,
    },
}

pub(super) fn read(tx: &mut Tx<'_>) -> Result<Option<Mark>, DbError> {
    if !tx.has_table("schema_migration")? {
        return Ok(None);
    }
    let sql = "SELECT name, sha256 FROM schema_migration WHERE context = $1";
    let Some(row) = tx.query_opt(sql, params![MOVED])? else {
        return Ok(None);
    };
    let by = row.get("sha256")?;
    Ok(Some(match row.get::<String>("name")? {
        word if word == FILLING => Mark::Filling { by },
        to => Mark::Moved { to: to.into(), by },
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

pub(super) fn set(tx: &mut Tx<'_>, mark: &Mark, now: Timestamp) -> Result<(), DbError> {
    let (word, by) = match mark {
        Mark::Filling { by } => (FILLING, by),
        Mark::Moved { to, by } => (&**to, by),
    };
    take_away(tx)?;
    tx.execute(
        "INSERT INTO schema_migration (context, version, name, sha256, works_from, applied_at)
         VALUES ($1, 1, $2, $3, 1, $4)",
        params![MOVED, word, by, now],
    )
    .map(drop)
}

pub(super) fn take_away(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let sql = "DELETE FROM schema_migration WHERE context = $1";
    tx.execute(sql, params![MOVED]).map(drop)
}

/// Whether the database is still ours to fill. Another move waits until this
/// transaction has ended.
pub(super) fn still_ours(tx: &mut Tx<'_>, by: &str) -> Result<(), DbError> {
    let ours = tx.execute(
        "UPDATE schema_migration SET applied_at = applied_at WHERE context = $1 AND sha256 = $2",
        params![MOVED, by],
    )?;
    if ours == 1 {
        Ok(())
    } else {
        Err(DbError::Filling)
    }
}

/// From here on nobody changes a row of these tables, whoever still works on them. On
/// PostgreSQL it waits for those who are about to.
pub(super) fn fence(tx: &mut Tx<'_>, tables: &[Table]) -> Result<(), DbError> {
    const SAID: &str = "this database was left for another one";
    if !tx.is_sqlite() {
        tx.define(&format!(
            "CREATE FUNCTION passerelle_left() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '{SAID}'; END $$;"
        ))?;
    }
    for Table { name, .. } in tables {
        let each = |what: &str, of: &str, does: &str| {
            format!("CREATE TRIGGER {name}_left{of} BEFORE {what} ON {name} {does};")
        };
        if tx.is_sqlite() {
            let does = format!("BEGIN SELECT RAISE(ABORT, '{SAID}'); END");
            for what in ["INSERT", "UPDATE", "DELETE"] {
                tx.define(&each(what, what, &does))?;
            }
        } else {
            let does = "FOR EACH ROW EXECUTE FUNCTION passerelle_left()";
            tx.define(&each("INSERT OR UPDATE OR DELETE", "", does))?;
        }
    }
    Ok(())
}

pub(super) fn open_again(tx: &mut Tx<'_>, tables: &[Table]) -> Result<(), DbError> {
    if !tx.is_sqlite() {
        return tx.define("DROP FUNCTION IF EXISTS passerelle_left() CASCADE;");
    }
    for Table { name, .. } in tables {
        for what in ["INSERT", "UPDATE", "DELETE"] {
            tx.define(&format!("DROP TRIGGER IF EXISTS {name}_left{what};"))?;
        }
    }
    Ok(())
}
