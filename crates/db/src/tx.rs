use crate::postgres::statement::{Met, PostgresTx};
use crate::sqlite::statement as sqlite;
use crate::{DbError, FromRow, FromValue, Row, Value, mark, params};
use std::time::Instant;

/// A transaction in progress. After a statement has failed it runs no other,
/// and what it did is undone, whatever the closure makes of the error: the two
/// engines would otherwise keep different halves.
pub struct Tx<'a> {
    engine: Engine<'a>,
    failed: Option<DbError>,
}

enum Engine<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(PostgresTx<'a>),
}

impl<'a> Tx<'a> {
    pub(crate) fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self {
            engine: Engine::Sqlite(connection),
            failed: None,
        }
    }

    pub(crate) fn postgres(tx: PostgresTx<'a>) -> Self {
        Self {
            engine: Engine::Postgres(tx),
            failed: None,
        }
    }

    /// The first statement's failure, if one failed.
    pub(crate) fn failure(&mut self) -> Option<DbError> {
        self.failed.take()
    }

    /// The same, and it stays.
    pub(crate) const fn failed(&self) -> Option<&DbError> {
        self.failed.as_ref()
    }

    /// What PostgreSQL said that is no matter of the closure's.
    pub(crate) const fn met(&self) -> Option<Met> {
        match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(tx) => tx.met,
        }
    }

    /// Whether anything was said to the engine.
    pub(crate) const fn has_begun(&self) -> bool {
        match &self.engine {
            Engine::Sqlite(_) => true,
            Engine::Postgres(tx) => tx.begin.is_none(),
        }
    }

    /// Runs a statement and says how many rows it changed.
    ///
    /// # Errors
    /// [`DbError::Statement`] if the engine refuses it.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        self.told(sql, |engine| match engine {
            Engine::Sqlite(connection) => sqlite::execute(connection, sql, params),
            Engine::Postgres(tx) => tx.execute(sql, params),
        })
    }

    /// Runs a statement, however many rows it changes.
    ///
    /// # Errors
    /// [`DbError::Statement`] if the engine refuses it.
    pub fn run(&mut self, sql: &str, params: &[Value]) -> Result<(), DbError> {
        self.execute(sql, params).map(drop)
    }

    /// Runs a query and gives all its rows.
    ///
    /// # Errors
    /// [`DbError::Statement`] if the engine refuses it.
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.told(sql, |engine| match engine {
            Engine::Sqlite(connection) => sqlite::query(connection, sql, params),
            Engine::Postgres(tx) => tx.query(sql, params),
        })
    }

    /// Runs a statement; with the log at `db::statement=trace` it is told with the
    /// time it took, never with its parameters.
    fn told<T>(
        &mut self,
        sql: &str,
        run: impl FnOnce(&mut Engine<'a>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        if !tracing::enabled!(target: "db::statement", tracing::Level::TRACE) {
            return self.guarded(run);
        }
        let begun = Instant::now();
        let done = self.guarded(run);
        let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::trace!(target: "db::statement", took_us, sql);
        done
    }

    fn guarded<T>(
        &mut self,
        run: impl FnOnce(&mut Engine<'a>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        run(&mut self.engine).inspect_err(|error| self.failed = Some(error.clone()))
    }

    /// Runs a query that gives one row or none.
    ///
    /// # Errors
    /// [`DbError::RowCount`] if it gives more; [`DbError::Statement`].
    pub fn query_opt(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, DbError> {
        let mut rows = self.query(sql, params)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            found => Err(DbError::RowCount {
                sql: sql.into(),
                found,
            }),
        }
    }

    /// Runs a query that gives exactly one row.
    ///
    /// # Errors
    /// [`DbError::RowCount`] if it gives none or more; [`DbError::Statement`].
    pub fn query_one(&mut self, sql: &str, params: &[Value]) -> Result<Row, DbError> {
        self.query_opt(sql, params)?
            .ok_or_else(|| DbError::RowCount {
                sql: sql.into(),
                found: 0,
            })
    }

    /// As [`Self::query`], with each row as what it is.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn query_as<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> Result<Vec<T>, DbError> {
        self.query(sql, params)?.iter().map(T::from_row).collect()
    }

    /// As [`Self::query_opt`], with the row as what it is.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn query_opt_as<T: FromRow>(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<T>, DbError> {
        let row = self.query_opt(sql, params)?;
        row.as_ref().map(T::from_row).transpose()
    }

    /// As [`Self::query_one`], with the row as what it is.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn query_one_as<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> Result<T, DbError> {
        T::from_row(&self.query_one(sql, params)?)
    }

    /// Whether a query gives any row.
    ///
    /// # Errors
    /// [`DbError::Statement`].
    pub fn exists(&mut self, sql: &str, params: &[Value]) -> Result<bool, DbError> {
        Ok(!self.query(sql, params)?.is_empty())
    }

    /// The values of a query's only column.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn column<T: FromValue>(&mut self, sql: &str, params: &[Value]) -> Result<Vec<T>, DbError> {
        self.query(sql, params)?.iter().map(Row::only).collect()
    }

    /// The value of the only column of a query's only row.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn value<T: FromValue>(&mut self, sql: &str, params: &[Value]) -> Result<T, DbError> {
        self.query_one(sql, params)?.only()
    }

    /// The same, if the query gives a row.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn value_opt<T: FromValue>(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<T>, DbError> {
        let row = self.query_opt(sql, params)?;
        row.as_ref().map(Row::only).transpose()
    }

    /// Waits until no other transaction that said the same word is under way: from
    /// here on they come one after the other, as they do on SQLite. Before the first
    /// read, or what was read may be old.
    ///
    /// # Errors
    /// [`DbError::Statement`] if the others take too long.
    pub fn one_at_a_time(&mut self, word: &str) -> Result<(), DbError> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(_) => self.run(
                "SELECT pg_advisory_xact_lock(
                     hashtextextended(current_schema() || ' ' || $1, 0))",
                params![word],
            ),
        }
    }

    /// From here on, a table or row that others hold is waited for no longer than a
    /// visitor may: whoever comes after us waits behind us.
    pub(crate) fn with_short_waits(&mut self) -> Result<(), DbError> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(_) => self.run("SET LOCAL lock_timeout = 500", params![]),
        }
    }

    /// Whether the database is still the one to work on.
    ///
    /// # Errors
    /// [`DbError::Moved`], [`DbError::Filling`].
    pub fn not_moved(&mut self) -> Result<(), DbError> {
        mark::not_moved(self)
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self.engine, Engine::Sqlite(_))
    }

    /// Whether there is a table of this name.
    pub(crate) fn has_table(&mut self, name: &str) -> Result<bool, DbError> {
        let sql = match &self.engine {
            Engine::Sqlite(_) => {
                "SELECT 1 AS n FROM sqlite_schema WHERE type = 'table' AND name = $1"
            }
            Engine::Postgres(_) => {
                "SELECT 1 AS n FROM information_schema.tables
                 WHERE table_schema = current_schema() AND table_name = $1"
            }
        };
        self.exists(sql, params![name])
    }

    /// Runs several statements without parameters, translated to the engine's
    /// own words for what the two spell differently. Only for migrations.
    pub(crate) fn define(&mut self, sql: &str) -> Result<(), DbError> {
        self.guarded(|engine| match engine {
            Engine::Sqlite(connection) => sqlite::define(connection, sql),
            Engine::Postgres(tx) => tx.define(sql),
        })
    }
}
