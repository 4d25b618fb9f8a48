use crate::job::{Access, Queues};
use crate::writing::Writing;
use crate::{DbError, DbUrl, Tx, postgres, sqlite};
use std::fmt;
use std::sync::Arc;

/// A handle to the database; cheap to clone. The threads behind it end when
/// the last handle is dropped, after what was queued is done.
#[derive(Clone)]
pub struct Db {
    pub(crate) queues: Queues,
    pub(crate) writing: Arc<Writing>,
}

impl From<Queues> for Db {
    fn from(queues: Queues) -> Self {
        Self {
            queues,
            writing: Arc::default(),
        }
    }
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
        let url = url.clone();
        tokio::task::spawn_blocking(move || match url {
            DbUrl::SqliteMemory => sqlite::open_memory(),
            DbUrl::SqliteFile(path) => sqlite::open_file(&path),
            DbUrl::Postgres(url) => postgres::open(&url),
        })
        .await
        .map_err(|_| DbError::Closed)?
        .map(Self::from)
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
        let queue = &self.queues.writes;
        queue.run(Access::Write, name, &self.writing, work).await
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
        let queue = &self.queues.reads;
        queue.run(Access::Read, name, &self.writing, work).await
    }

    /// Whether no other process works on it.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.queues.urgent.is_none()
    }

    /// The same database for what a visitor waits for: on PostgreSQL it has
    /// connections of its own, which no report holds, and gives up soon.
    #[must_use]
    pub fn urgent(&self) -> Self {
        let mut urgent = self.clone();
        if let Some(queue) = &self.queues.urgent {
            urgent.queues.writes = queue.clone();
            urgent.queues.reads = queue.clone();
        }
        urgent
    }

    /// Why the database did not keep what it was last asked to, if it did not:
    /// of each operation the last one counts, for a minute; damage stays.
    #[must_use]
    pub fn trouble(&self) -> Option<DbError> {
        self.writing.trouble()
    }
}
