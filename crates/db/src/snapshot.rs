//! Copies of an SQLite file that is in use, and what must be known of such a
//! file before it is trusted or replaced.

use crate::{Db, DbError, params, sqlite};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// How long a copy waits for a moment to begin.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether anybody has an SQLite file open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InUse {
    /// A process has it open.
    Yes,
    /// Nobody has; its write-ahead log is folded into it.
    No,
}

/// Writes the SQLite database at `from`, as it is at one moment, to the new file
/// `to`, and waits for the disk. The copy is one read transaction of a
/// connection of its own: nobody who reads or writes waits for it. What was
/// deleted from the database is not in the copy, not even in its free pages.
///
/// Blocks the thread, for as long as reading and writing the whole file takes.
///
/// # Errors
/// [`DbError::Copy`]; whatever of `to` was written is left to the caller.
pub fn copy(from: &Path, to: &Path) -> Result<(), DbError> {
    let connection = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(DbError::unavailable)?;
    let failed = |error: rusqlite::Error| DbError::Copy(error.into());
    connection.busy_timeout(BEGIN_TIMEOUT).map_err(failed)?;
    connection
        .execute("VACUUM INTO ?1", [to.to_string_lossy()])
        .map_err(failed)?;
    // SQLite itself does not wait for the disk here.
    std::fs::File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| DbError::Copy(error.into()))
}

/// What SQLite finds wrong in the structure of the file at `path`, at most a few
/// findings: pages that are damaged or belong to nobody. `None` if it was not done
/// within `limit`.
///
/// Blocks the thread.
///
/// # Errors
/// [`DbError::Unavailable`] if it cannot be opened; [`DbError::Statement`] if it
/// is damaged too much to look.
pub fn quick_check(path: &Path, limit: Duration) -> Result<Option<Vec<String>>, DbError> {
    const SQL: &str = "PRAGMA quick_check(3)";
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(DbError::unavailable)?;
    let interrupt = connection.get_interrupt_handle();
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            interrupt.interrupt();
        }
    });
    let found = connection.prepare(SQL).and_then(|mut statement| {
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    });
    drop(done);
    // It ends at once, and cannot panic.
    let _ = watch.join();
    match found {
        Ok(mut found) => {
            found.retain(|finding| finding != "ok");
            Ok(Some(found))
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(None)
        }
        Err(error) => Err(DbError::statement(SQL, error)),
    }
}

/// Whether anybody has the SQLite file at `path` open. If nobody has, its
/// write-ahead log is folded into it, so that the one file is all of it.
///
/// # Errors
/// [`DbError::Unavailable`] if it cannot be opened or is no SQLite file.
pub fn in_use(path: &Path) -> Result<InUse, DbError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(DbError::unavailable)?;
    connection
        .busy_timeout(Duration::ZERO)
        .map_err(DbError::unavailable)?;
    // Leaving the write-ahead log needs the file for oneself.
    let mode = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| {
        row.get::<_, String>(0)
    });
    match mode {
        Ok(mode) if mode == "delete" => Ok(InUse::No),
        Ok(_) => Ok(InUse::Yes),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(InUse::Yes),
        Err(error) => Err(DbError::unavailable(error)),
    }
}

impl Db {
    /// Opens an SQLite file to read it, and changes nothing of it. Writes fail.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] if it is not there or no SQLite file.
    pub async fn open_read_only(path: &Path) -> Result<Self, DbError> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || sqlite::open_read_only(&path))
            .await
            .map_err(|_| DbError::Closed)?
            .map(Self::from)
    }

    /// What SQLite finds wrong in its file, at most 100 findings: damaged pages,
    /// indexes that miss rows, references to rows that are not there. SQLite
    /// only.
    ///
    /// # Errors
    /// [`DbError::Statement`], also if the file is damaged too much to look.
    pub async fn damage(&self) -> Result<Vec<String>, DbError> {
        self.read("look for damage", |tx| {
            let mut found: Vec<String> = tx.column("PRAGMA integrity_check(100)", params![])?;
            found.retain(|finding| finding != "ok");
            for row in tx.query("PRAGMA foreign_key_check", params![])? {
                let (table, parent): (String, String) = (row.get("table")?, row.get("parent")?);
                found.push(format!(
                    "a row of {table} refers to one of {parent} that is not there"
                ));
            }
            found.truncate(100);
            Ok(found)
        })
        .await
    }

    /// How many rows each table has. SQLite only.
    ///
    /// # Errors
    /// [`DbError::Statement`].
    pub async fn rows_by_table(&self) -> Result<BTreeMap<String, i64>, DbError> {
        self.read("rows by table", |tx| {
            let tables: Vec<String> = tx.column(
                "SELECT name FROM sqlite_schema
                 WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
                params![],
            )?;
            let mut rows = BTreeMap::new();
            for name in tables {
                let sql = format!("SELECT COUNT(*) FROM \"{}\"", name.replace('"', "\"\""));
                rows.insert(name, tx.value(&sql, params![])?);
            }
            Ok(rows)
        })
        .await
    }

    /// The version of each context's tables.
    ///
    /// # Errors
    /// [`DbError::Statement`], also if the tables were never made.
    pub async fn schema_versions(&self) -> Result<BTreeMap<String, i64>, DbError> {
        self.read("schema versions", |tx| {
            let versions = tx.query_as(
                "SELECT context, MAX(version) FROM schema_migration GROUP BY context",
                params![],
            )?;
            Ok(versions.into_iter().collect())
        })
        .await
    }
}
