//! Databases for tests. Every test that stores something runs on all three:
//! SQLite in memory, SQLite on disk, PostgreSQL.

use crate::job::{Queue, Queues};
use crate::steps::InStep;
pub use crate::steps::Steps;
use crate::{Db, DbError, DbUrl, sqlite};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The environment variable that names the PostgreSQL server for tests, any
/// database of it; `cargo xtask test` starts one and sets it.
pub const POSTGRES: &str = "PASSERELLE_TEST_POSTGRES";

/// An empty database that lives as long as the test.
pub struct TestDb {
    /// The handle.
    pub db: Db,
    /// Where it is, to open it a second time.
    pub url: DbUrl,
    _folder: Option<TempDir>,
}

impl TestDb {
    async fn open(url: DbUrl, folder: Option<TempDir>) -> Self {
        let db = Db::open(&url).await.expect("the test database opens");
        Self {
            db,
            url,
            _folder: folder,
        }
    }
}

impl TestDb {
    /// The URL of one on PostgreSQL.
    #[must_use]
    pub fn postgres_url(&self) -> &str {
        match &self.url {
            DbUrl::Postgres(url) => url,
            other => panic!("{other:?} is no PostgreSQL"),
        }
    }
}

/// SQLite in memory.
pub async fn sqlite_in_memory() -> TestDb {
    TestDb::open(DbUrl::SqliteMemory, None).await
}

/// SQLite in memory without a thread, for simulations: a closure runs, and is
/// committed, on the caller's thread, and then the caller is pending once. So a
/// run is the same each time, and a future that is dropped between two steps is
/// a process that died there.
///
/// # Errors
/// [`DbError::Unavailable`] if it cannot be opened.
pub fn sqlite_in_step() -> Result<(Db, Steps), DbError> {
    let writer = Mutex::new(sqlite::memory()?);
    let steps = Steps::default();
    let queue = Queue::InStep(InStep {
        perform: Arc::new(move |job| {
            sqlite::perform(&mut writer.lock(), job);
        }),
        steps: steps.clone(),
    });
    Ok((Db::from(Queues::of(queue.clone(), queue)), steps))
}

/// SQLite in a file of its own.
pub async fn sqlite_on_disk() -> TestDb {
    let folder = TempDir::new().expect("a temporary folder");
    let url = DbUrl::SqliteFile(folder.path().join("test.db"));
    TestDb::open(url, Some(folder)).await
}

/// A schema of its own in the PostgreSQL server for tests.
///
/// # Panics
/// If [`POSTGRES`] is not set: a test that skips itself proves nothing.
pub async fn postgres() -> TestDb {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
        panic!(
            "{POSTGRES} is not set: run `cargo xtask test`, or `cargo xtask postgres` and export \
             what it prints"
        )
    });
    let schema = format!(
        "test_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let maker = Db::open(&DbUrl::Postgres(server.clone()))
        .await
        .expect("the PostgreSQL server for tests answers");
    let sql = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema};");
    maker
        .write("make schema", move |tx| tx.define(&sql))
        .await
        .expect("the schema can be made");
    let separator = if server.contains('?') { '&' } else { '?' };
    let url =
        format!("{server}{separator}options=-csearch_path%3D{schema}&application_name={schema}");
    TestDb::open(DbUrl::Postgres(url), None).await
}

/// Runs each of the named `async fn(TestDb)` on every engine, as a test of its
/// own.
#[macro_export]
macro_rules! conformance {
    ($($test:ident),* $(,)?) => {
        mod sqlite_in_memory {$(
            #[tokio::test]
            async fn $test() {
                super::$test($crate::testing::sqlite_in_memory().await).await;
            }
        )*}
        mod sqlite_on_disk {$(
            #[tokio::test]
            async fn $test() {
                super::$test($crate::testing::sqlite_on_disk().await).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test]
            async fn $test() {
                super::$test($crate::testing::postgres().await).await;
            }
        )*}
    };
}
