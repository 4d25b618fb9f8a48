use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Why the database did not do what it was asked. Cheap to clone: one failed
/// commit is told to everyone who shared it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// Not a URL this program knows.
    #[error(
        "this is no database URL; write sqlite:PATH, sqlite::memory: or postgres://USER@HOST/NAME"
    )]
    Url,
    /// It could not be opened, or the connection was lost before the commit.
    #[error(
        "the database cannot be reached; check its URL, that its server runs and lets this user \
         in, or that its file can be written"
    )]
    Unavailable(#[source] Engine),
    /// The SQLite file would be where this process may only read.
    #[error(
        "the database {} is where the service may only read. Systemd's unit lets it write in its \
         StateDirectory= only, /var/lib/passerelle: move the database there ([database] url), or \
         allow its folder: `systemctl edit passerelle`, and there ReadWritePaths={} below [Service], \
         once that folder is there and the service’s user owns it. Without such a unit the disk is \
         read-only, as after a fault: look at it first",
        path.display(), kernel::folder_of(path).display()
    )]
    ReadOnly {
        /// The file.
        path: Arc<Path>,
    },
    /// The SQLite file, or its log, was deleted, moved or replaced while it was open.
    #[error(
        "the database {} is no longer the file that was opened: it was deleted, moved or replaced, \
         so nothing is written any more. Stop the service, put the file back with its -wal and \
         -shm, or restore a backup, and start again",
        path.display()
    )]
    Gone {
        /// The file.
        path: Arc<Path>,
    },
    /// There was an SQLite file, and there is none.
    #[error(
        "there was a database at {}, and it is gone or empty; none is made in its place. Put it \
         back, or restore a backup (`passerelle restore`); to begin with an empty one on purpose, \
         delete {}",
        path.display(), mark.display()
    )]
    Missing {
        /// The file.
        path: Arc<Path>,
        /// What says that there was one.
        mark: Arc<Path>,
    },
    /// Another service works on the SQLite file.
    #[error(
        "another service works on the database {}; stop that one first, or give this one a \
         database of its own in [database] url",
        path.display()
    )]
    Taken {
        /// The file.
        path: Arc<Path>,
    },
    /// Another process holds the SQLite file, or PostgreSQL reported conflicts
    /// until the retries ran out. Nothing was changed.
    #[error("the database is busy: {attempts} attempts at {name} met others' changes")]
    Busy {
        /// The operation.
        name: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// A statement failed.
    #[error("the statement failed: {sql}")]
    Statement {
        /// The statement's text; its parameters are never shown.
        sql: Arc<str>,
        /// What the engine said.
        #[source]
        source: Engine,
    },
    /// The commit failed and was undone, for instance because the disk is full.
    #[error("the transaction could not be committed; nothing was changed")]
    Commit(#[source] Engine),
    /// The connection was lost during the commit: it may or may not have happened.
    #[error("the connection was lost during the commit; it may or may not have happened")]
    CommitUnknown(#[source] Engine),
    /// An SQLite file could not be copied, for instance because the disk is full.
    #[error("the database could not be copied; check disk space and rights where the copy goes")]
    Copy(#[source] Engine),
    /// A query gave another number of rows than it must.
    #[error("{sql} gave {found} rows where exactly one was expected")]
    RowCount {
        /// The statement's text.
        sql: Arc<str>,
        /// The number of rows.
        found: usize,
    },
    /// A column is missing, or its value is not what the code expects.
    #[error("the column {column} {problem}")]
    Column {
        /// The column's name.
        column: String,
        /// What is wrong with it, without what may be personal.
        problem: String,
    },
    /// A closure panicked; its changes were undone.
    #[error("the operation {name} panicked; nothing was changed")]
    Panicked {
        /// The operation.
        name: &'static str,
    },
    /// The database's schema was made by a newer version of this program.
    #[error(
        "the database was last used by a newer version of this program ({context} schema {found}, \
         this version knows {known}); start that version, or restore a backup from before it"
    )]
    NewerSchema {
        /// Whose tables.
        context: &'static str,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The database's schema was made by an older version of this program.
    #[error(
        "the database was last used by an older version of this program ({context} schema {found}, \
         this version needs {known}); keep to that version, or back the database up and let \
         `passerelle serve` or `passerelle apply` of this version bring it up to date"
    )]
    OlderSchema {
        /// Whose tables.
        context: &'static str,
        /// The version found.
        found: i64,
        /// The version needed.
        known: i64,
    },
    /// No schema was ever made.
    #[error(
        "the database is empty; start the service (`passerelle serve`) or run `passerelle apply`, \
         which make its tables, or correct its URL"
    )]
    NoSchema,
    /// A migration has another text than when it was taken.
    #[error(
        "step {version} of the {context} schema is not the one that this database took: its text \
         was edited since; run a program that has the former text, or restore a backup made by this \
         one"
    )]
    EditedMigration {
        /// Whose tables.
        context: &'static str,
        /// The step.
        version: i64,
    },
    /// It was left for another one.
    #[error(
        "this database was left for {to}: name that one in [database] url. To come back from there, \
         `passerelle move` into a new, empty database; if the move to there has not ended, let it end, \
         or take it back with --give-up"
    )]
    Moved {
        /// The other one, without what is secret.
        to: Arc<str>,
    },
    /// It is being filled, or that did not end.
    #[error(
        "a move into this database has not ended: let `passerelle move` run to its end, or take it \
         back with --give-up and go on with the database that it comes from"
    )]
    Filling,
    /// A move goes into an empty database only.
    #[error(
        "the database to move into is not empty: there are rows in {table}; name a new one, or empty \
         it (SQLite: delete the file and its mark; PostgreSQL: DROP SCHEMA, CREATE SCHEMA)"
    )]
    NotEmpty {
        /// The first table with rows.
        table: String,
    },
    /// The threads behind the handle have ended.
    #[error("the database is closed")]
    Closed,
}

/// What an engine said.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Engine {
    /// SQLite.
    #[error(transparent)]
    Sqlite(Arc<rusqlite::Error>),
    /// PostgreSQL.
    #[error("{}", describe(.0))]
    Postgres(Arc<tokio_postgres::Error>),
    /// The operating system.
    #[error(transparent)]
    System(Arc<std::io::Error>),
}

impl Engine {
    fn sqlite_code(&self) -> Option<rusqlite::ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::Postgres(_) | Self::System(_) => None,
        }
    }

    fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        matches!(self.sqlite_code(), Some(DatabaseCorrupt | NotADatabase))
    }

    /// Whether a statement met the engine's limits, not its own mistake: a full or
    /// broken disk, damage, a file that may not be written.
    fn fails(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
        match self {
            Self::Sqlite(_) => {
                let code = self.sqlite_code();
                self.is_damage()
                    || matches!(
                        code,
                        Some(CannotOpen | DiskFull | ReadOnly | SystemIoFailure)
                    )
            }
            // Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html:
            // connection, conflict, insufficient resources, operator intervention, system
            // and internal errors; a lock that was not given, a standby; or no answer.
            Self::Postgres(error) => error.as_db_error().is_none_or(|db| {
                let code = db.code().code();
                matches!(code, "25006" | "25P03" | "55P03")
                    || matches!(code.get(..2), Some("08" | "40" | "53" | "57" | "58" | "XX"))
            }),
            Self::System(_) => true,
        }
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => {
            // Its own text leaves out the cause.
            let causes = std::iter::successors(std::error::Error::source(error), |e| e.source());
            causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
        }
    }
}

impl From<rusqlite::Error> for Engine {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<tokio_postgres::Error> for Engine {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(Arc::new(error))
    }
}

impl From<std::io::Error> for Engine {
    fn from(error: std::io::Error) -> Self {
        Self::System(Arc::new(error))
    }
}

impl DbError {
    /// Whether the store did not take or give what it should, whatever was asked: it
    /// may go by, or needs an operator, and is no fault of the program.
    #[must_use]
    pub fn is_of_the_store(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::ReadOnly { .. }
            | Self::Gone { .. }
            | Self::Missing { .. }
            | Self::Taken { .. }
            | Self::Busy { .. }
            | Self::Commit(_)
            | Self::CommitUnknown(_)
            | Self::Copy(_)
            | Self::Closed => true,
            Self::Statement { source, .. } => source.fails(),
            Self::Url
            | Self::RowCount { .. }
            | Self::Column { .. }
            | Self::Panicked { .. }
            | Self::NewerSchema { .. }
            | Self::OlderSchema { .. }
            | Self::NoSchema
            | Self::Moved { .. }
            | Self::Filling
            | Self::NotEmpty { .. }
            | Self::EditedMigration { .. } => false,
        }
    }

    /// Whether it is an error [of the store](Self::is_of_the_store) that caused this one.
    #[must_use]
    pub fn is_behind(error: &(dyn std::error::Error + 'static)) -> bool {
        Self::cause_of(error).is_some_and(Self::is_of_the_store)
    }

    /// As [`is_behind`](Self::is_behind), of others that [held it up](Self::is_held_up).
    pub(crate) fn is_held_up_behind(error: &(dyn std::error::Error + 'static)) -> bool {
        Self::cause_of(error).is_some_and(Self::is_held_up)
    }

    fn cause_of<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        std::iter::successors(Some(error), |error| error.source())
            .find_map(|error| error.downcast_ref::<Self>())
    }

    /// Whether any other write would have failed the same way, so that one that did not
    /// says that it is over.
    pub(crate) const fn is_of_all(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::Gone { .. }
            | Self::Busy { .. }
            | Self::Closed
            | Self::CommitUnknown(_) => true,
            // A server fails as a whole; of a damaged file some parts are good.
            Self::Statement { source, .. } | Self::Commit(source) => {
                matches!(source, Engine::Postgres(_))
            }
            _ => false,
        }
    }

    /// Whether other transactions of PostgreSQL were in the way, and nothing else was.
    pub(crate) fn is_held_up(&self) -> bool {
        match self {
            Self::Statement {
                source: Engine::Postgres(error),
                ..
            } => error.code().is_some_and(|state| {
                // A lock that was not given in time; a conflict.
                state.code() == "55P03" || state.code().starts_with("40")
            }),
            _ => false,
        }
    }

    /// Whether the engine found its file damaged.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Unavailable(engine) | Self::Commit(engine) => engine.is_damage(),
            Self::Statement { source, .. } => source.is_damage(),
            _ => false,
        }
    }

    /// Nobody answered in time.
    pub(crate) fn silent(what: &str, after: Duration) -> Self {
        let text = format!("{what} within {} ms", after.as_millis());
        Self::unavailable(std::io::Error::new(std::io::ErrorKind::TimedOut, text))
    }

    /// TLS cannot be set up as it was asked for.
    pub(crate) fn tls(source: rustls::Error) -> Self {
        Self::unavailable(std::io::Error::other(source))
    }

    pub(crate) fn unavailable(source: impl Into<Engine>) -> Self {
        Self::Unavailable(source.into())
    }

    pub(crate) fn statement(sql: &str, source: impl Into<Engine>) -> Self {
        Self::Statement {
            sql: sql.into(),
            source: source.into(),
        }
    }
}
