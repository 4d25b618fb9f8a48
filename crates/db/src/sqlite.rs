//! SQLite: one writer thread with group commit, a pool of readers.

pub(crate) mod statement;

use crate::job::{Job, QUEUE_LIMIT, Queue, Queues, Verdict};
use crate::{DbError, Durability, Tx};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;

/// The most closures one commit takes.
const GROUP_LIMIT: usize = 256;
const READERS: usize = 4;
/// How long a commit waits for another process that holds the file. Whoever
/// waits behind it is told then, too.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
const STATEMENT_CACHE: usize = 256;
/// After how many pages the write-ahead log is folded into the database: rarely
/// enough that those who wait for such a commit are few. 32 MiB.
const CHECKPOINT_PAGES: u32 = 8_192;

pub(crate) fn open_memory(durability: Durability) -> Result<Queues, DbError> {
    let connection = Connection::open_in_memory().map_err(DbError::unavailable)?;
    let writes = start_writer(prepared(connection, durability)?)?;
    // A second connection would see another, empty database: reads queue with
    // the writes.
    Ok(Queues {
        reads: writes.clone(),
        writes,
    })
}

/// A database in memory that has no thread.
#[cfg(feature = "testing")]
pub(crate) fn memory() -> Result<Connection, DbError> {
    let connection = Connection::open_in_memory().map_err(DbError::unavailable)?;
    prepared(connection, Durability::Relaxed)
}

/// Runs one closure on the thread of the caller.
#[cfg(feature = "testing")]
pub(crate) fn perform(connection: &Connection, job: Box<dyn Job>) {
    match job.access() {
        crate::job::Access::Read => read(connection, job),
        crate::job::Access::Write => {
            let (_, mut nobody_else) = mpsc::channel(1);
            write_group(connection, job, &mut nobody_else);
        }
    }
}

pub(crate) fn open_file(path: &Path, durability: Durability) -> Result<Queues, DbError> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(DbError::unavailable)?;
    }
    let connection = Connection::open(path).map_err(DbError::unavailable)?;
    let connection = prepared(connection, durability)?;
    Ok(Queues {
        reads: start_readers(path, READERS)?,
        writes: start_writer(connection)?,
    })
}

/// For a file that is only read, by one thread; nothing of it changes.
pub(crate) fn open_read_only(path: &Path) -> Result<Queues, DbError> {
    let reads = start_readers(path, 1)?;
    Ok(Queues {
        writes: reads.clone(),
        reads,
    })
}

fn start_readers(path: &Path, count: usize) -> Result<Queue, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |_| {
        let connection = Connection::open_with_flags(path, flags)?;
        configured(&connection)?;
        Ok(move |job| read(&connection, job))
    };
    let readers: rusqlite::Result<Vec<_>> = (0..count).map(open).collect();
    Queue::with_threads("sqlite-reader", readers.map_err(DbError::unavailable)?)
}

/// What holds for every connection.
fn configured(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Plans that do not depend on the parameters: else SQLite prepares some
    // statements anew for each execution.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}

fn prepared(connection: Connection, durability: Durability) -> Result<Connection, DbError> {
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Relaxed => "OFF",
    };
    configured(&connection)
        .and_then(|()| {
            // What is removed is overwritten, as far as SQLite does that: else all
            // card numbers would stay behind in free space.
            connection.execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
                 PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; \
                 PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;"
            ))
        })
        .map_err(DbError::unavailable)?;
    Ok(connection)
}

fn start_writer(connection: Connection) -> Result<Queue, DbError> {
    let (sender, mut waiting) = mpsc::channel::<Box<dyn Job>>(QUEUE_LIMIT);
    std::thread::Builder::new()
        .name("sqlite-writer".to_owned())
        .spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                write_group(&connection, first, &mut waiting);
            }
        })
        .map_err(DbError::unavailable)?;
    Ok(Queue::Thread(sender))
}

/// Runs `first` and whatever else is waiting in one transaction, and tells
/// everyone once the commit is on the disk. While it is, the next group gathers.
fn write_group(
    connection: &Connection,
    first: Box<dyn Job>,
    waiting: &mut mpsc::Receiver<Box<dyn Job>>,
) {
    if let Err(error) = command(connection, "BEGIN IMMEDIATE") {
        let busy = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
        let unavailable = DbError::unavailable(error);
        // Those who wait now, not those who come while these are told.
        let mut told = vec![first];
        while let Ok(job) = waiting.try_recv() {
            told.push(job);
        }
        for job in told {
            let name = job.name();
            job.finish(Err(if busy {
                DbError::Busy { name, attempts: 1 }
            } else {
                unavailable.clone()
            }));
        }
        return;
    }
    let mut group: Vec<Box<dyn Job>> = Vec::new();
    let mut next = Some(first);
    let mut all_commit = true;
    while let Some(mut job) = next.take() {
        let mut tx = Tx::sqlite(connection);
        all_commit &= job.run(&mut tx) == Verdict::Commit && tx.failure().is_none();
        group.push(job);
        if all_commit && group.len() < GROUP_LIMIT {
            next = waiting.try_recv().ok();
        }
    }
    metrics::counter!("passerelle_db_commits_total").increment(1);
    metrics::counter!("passerelle_db_writes_total").increment(group.len() as u64);
    if all_commit {
        let outcome = command(connection, "COMMIT").map_err(commit_failed);
        if outcome.is_err() {
            roll_back(connection);
        }
        for job in group {
            job.finish(outcome.clone());
        }
    } else {
        // Rare, and closures may run again: once more, each in a savepoint of
        // its own. With savepoints from the start every page that is changed
        // would be copied first.
        roll_back(connection);
        write_apart(connection, group);
    }
}

/// Runs the closures of a group of which one was not to be kept.
fn write_apart(connection: &Connection, group: Vec<Box<dyn Job>>) {
    let mut failed = command(connection, "BEGIN IMMEDIATE")
        .map_err(DbError::unavailable)
        .err();
    let mut done = Vec::new();
    for mut job in group {
        let mut undone = None;
        if failed.is_none() {
            match run_in_savepoint(connection, job.as_mut()) {
                // An error such as a full disk ends the whole transaction at
                // once, and with it what the others in the group did.
                Ok(_) if connection.is_autocommit() => {
                    failed = Some(DbError::Commit(
                        std::io::Error::other("SQLite ended the transaction").into(),
                    ));
                }
                Ok(swallowed) => undone = swallowed,
                Err(error) => failed = Some(error),
            }
        }
        done.push((job, undone));
    }
    let outcome = match failed {
        Some(error) => Err(error),
        None => command(connection, "COMMIT").map_err(commit_failed),
    };
    if outcome.is_err() {
        roll_back(connection);
    }
    for (job, undone) in done {
        job.finish(match (&outcome, undone) {
            (Ok(()), Some(error)) => Err(error),
            (outcome, _) => outcome.clone(),
        });
    }
}

/// Runs one closure of a group. Gives the failure that a closure swallowed, for
/// which it is undone.
fn run_in_savepoint(
    connection: &Connection,
    job: &mut dyn Job,
) -> Result<Option<DbError>, DbError> {
    command(connection, "SAVEPOINT one").map_err(commit_failed)?;
    let mut tx = Tx::sqlite(connection);
    let verdict = job.run(&mut tx);
    let swallowed = tx.failure().filter(|_| verdict == Verdict::Commit);
    if connection.is_autocommit() {
        return Ok(swallowed);
    }
    if verdict == Verdict::RollBack || swallowed.is_some() {
        command(connection, "ROLLBACK TO one").map_err(commit_failed)?;
    }
    command(connection, "RELEASE one").map_err(commit_failed)?;
    Ok(swallowed)
}

fn commit_failed(error: rusqlite::Error) -> DbError {
    DbError::Commit(error.into())
}

/// Leaves the transaction, unless SQLite has ended it already.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = command(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a failed transaction could not be rolled back");
    }
}

fn read(connection: &Connection, mut job: Box<dyn Job>) {
    let outcome = command(connection, "BEGIN")
        .map(|()| {
            job.run(&mut Tx::sqlite(connection));
        })
        .and_then(|()| command(connection, "COMMIT"))
        .map_err(DbError::unavailable);
    if outcome.is_err() {
        roll_back(connection);
    }
    job.finish(outcome);
}

fn command(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
