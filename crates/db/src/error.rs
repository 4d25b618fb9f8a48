use std::sync::Arc;

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
    Postgres(Arc<postgres::Error>),
    /// The operating system.
    #[error(transparent)]
    System(Arc<std::io::Error>),
}

fn describe(error: &postgres::Error) -> String {
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

impl From<postgres::Error> for Engine {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(Arc::new(error))
    }
}

impl From<std::io::Error> for Engine {
    fn from(error: std::io::Error) -> Self {
        Self::System(Arc::new(error))
    }
}

impl DbError {
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
