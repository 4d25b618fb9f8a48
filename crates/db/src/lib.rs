//! One SQL text over embedded SQLite and PostgreSQL.
//!
//! What never goes in: a table of anyone: the statements are those of the rooms
//! that keep something.
//!
//! A [`Db`] runs synchronous closures over one small [`Tx`]:
//! [`Db::write`] in a durable transaction, [`Db::read`] on a snapshot. A closure
//! may be run again (PostgreSQL reports a serialisation conflict), so it must
//! not do anything but talk to its `Tx`; no transaction spans a network call.
//!
//! SQLite has one writer thread that takes every waiting closure into one
//! commit (group commit) and a pool of readers on a write-ahead log with
//! `synchronous=FULL`. PostgreSQL has a pool of connections, SERIALIZABLE with
//! bounded retry.
//!
//! The SQL both engines understand alike, and which the conformance tests hold:
//! `$1` parameters; columns `BIGINT` and `TEXT` only (booleans are 0 and 1,
//! moments are milliseconds, days are ISO text); text compares bytewise;
//! `INSERT … ON CONFLICT`, `RETURNING`, partial indexes; `SUM` needs
//! `CAST(… AS BIGINT)`.

mod error;
mod job;
mod migrate;
mod postgres;
mod row;
pub mod snapshot;
mod sqlite;
mod sums;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;

pub use error::DbError;
pub use kernel::{FromValue, Value};
pub use migrate::{Migration, Schema};
pub use row::{FromRow, Row};
pub use sums::Sums;
pub use tx::Tx;

use job::{Access, Closure, Queue};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use tokio::sync::oneshot;

/// How many closures may wait for a database thread before callers wait for a
/// place in the queue.
const QUEUE_LIMIT: usize = 4096;

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DbUrl {
    /// `sqlite::memory:`: gone when the last [`Db`] is dropped.
    SqliteMemory,
    /// `sqlite:PATH`: one file (and its write-ahead log beside it).
    SqliteFile(PathBuf),
    /// `postgres://…`, as libpq writes it.
    Postgres(String),
}

impl FromStr for DbUrl {
    type Err = DbError;

    fn from_str(text: &str) -> Result<Self, DbError> {
        match text.split_once(':') {
            Some(("sqlite", ":memory:")) => Ok(Self::SqliteMemory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::SqliteFile(path.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            _ => Err(DbError::Url),
        }
    }
}

impl fmt::Debug for DbUrl {
    /// Without the password a PostgreSQL URL may hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteMemory => f.write_str("sqlite::memory:"),
            Self::SqliteFile(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// What a commit promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// On the disk before the closure's caller hears of it.
    #[default]
    Full,
    /// Safe against a crash of the process, not of the machine. Only for
    /// measuring what durability costs.
    Relaxed,
}

/// A handle to the database; cheap to clone. The threads behind it end when
/// the last handle is dropped, after what was queued is done.
#[derive(Clone)]
pub struct Db {
    writes: Queue,
    reads: Queue,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// Opens the database, making the SQLite file if there is none.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] if it cannot be opened or reached.
    pub async fn open(url: &DbUrl) -> Result<Self, DbError> {
        Self::open_with(url, Durability::Full).await
    }

    /// As [`Db::open`], with a weaker promise if wanted.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] if it cannot be opened or reached.
    pub async fn open_with(url: &DbUrl, durability: Durability) -> Result<Self, DbError> {
        let url = url.clone();
        tokio::task::spawn_blocking(move || match url {
            DbUrl::SqliteMemory => sqlite::open_memory(durability),
            DbUrl::SqliteFile(path) => sqlite::open_file(&path, durability),
            DbUrl::Postgres(url) => postgres::open(&url, durability),
        })
        .await
        .map_err(|_| DbError::Closed)?
    }

    /// Runs `work` in a transaction and answers once it is durable. An `Err`
    /// from `work` undoes all it did. `name` is the operation's name in metrics
    /// and logs.
    ///
    /// # Errors
    /// What `work` returns, or the [`DbError`] that kept it from being committed;
    /// nothing was changed then, except that after [`DbError::CommitUnknown`] it
    /// may have been.
    pub async fn write<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        run(&self.writes, Access::Write, name, work).await
    }

    /// Runs `work` on a consistent snapshot, without writing.
    ///
    /// # Errors
    /// What `work` returns, or the [`DbError`] that kept it from running.
    pub async fn read<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        run(&self.reads, Access::Read, name, work).await
    }
}

async fn run<T, E, F>(queue: &Queue, access: Access, name: &'static str, work: F) -> Result<T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    queue
        .put(Box::new(Closure::new(name, access, work, answer)))
        .await?;
    answered.await.map_err(|_| DbError::Closed)?
}
