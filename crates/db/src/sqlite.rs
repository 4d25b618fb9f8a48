//! SQLite: one writer thread with group commit, a pool of readers.

pub(crate) mod file;
pub(crate) mod statement;

use crate::job::{Job, QUEUE_LIMIT, Queue, Queues, Upkeep, Verdict};
use crate::{DbError, Tx};
use file::Opened;
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
/// What stays of a log that grew longer than that beside a long reading, in bytes.
const LOG_LIMIT: u32 = CHECKPOINT_PAGES * 4_096;
/// How often the writer looks after its file.
const LOOK_AFTER: Duration = Duration::from_millis(500);
/// With no more commits than these from one look to the next, nobody minds that
/// the log is folded in and emptied.
const QUIET_COMMITS: u32 = 4;

pub(crate) fn open_memory() -> Result<Queues, DbError> {
    let connection = Connection::open_in_memory().map_err(DbError::unavailable)?;
    let writes = start_writer(Writer::of(prepared(connection)?, None))?;
    // A second connection would see another, empty database: reads queue with
    // the writes.
    Ok(Queues::of(writes.clone(), writes))
}

/// A database in memory that has no thread.
#[cfg(feature = "testing")]
pub(crate) fn memory() -> Result<Writer, DbError> {
    let connection = Connection::open_in_memory().map_err(DbError::unavailable)?;
    Ok(Writer::of(prepared(connection)?, None))
}

/// Runs one closure on the thread of the caller.
#[cfg(feature = "testing")]
pub(crate) fn perform(writer: &mut Writer, job: Box<dyn Job>) {
    match job.access() {
        crate::job::Access::Read => read(&writer.connection, job),
        crate::job::Access::Write => {
            let (_, mut nobody_else) = mpsc::channel(1);
            writer.write_group(job, &mut nobody_else);
        }
    }
}

pub(crate) fn open_file(path: &Path) -> Result<Queues, DbError> {
    file::ready(path)?;
    let connection = Connection::open(path).map_err(DbError::unavailable)?;
    let connection = prepared(connection)?;
    // The first statement opens the log, too.
    connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(DbError::unavailable)?;
    let opened = Opened::at(path);
    file::mark(path)?;
    let writes = start_writer(Writer::of(connection, Some(opened)))?;
    keep(&writes)?;
    Ok(Queues::of(writes, start_readers(path, READERS)?))
}

/// For a file that is only read, by one thread; nothing of it changes.
pub(crate) fn open_read_only(path: &Path) -> Result<Queues, DbError> {
    let reads = start_readers(path, 1)?;
    Ok(Queues::of(reads.clone(), reads))
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

fn prepared(connection: Connection) -> Result<Connection, DbError> {
    configured(&connection)
        .and_then(|()| {
            // What is removed is overwritten, as far as SQLite does that: else all
            // card numbers would stay behind in free space.
            connection.execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; \
                 PRAGMA journal_size_limit = {LOG_LIMIT}; \
                 PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;"
            ))
        })
        .map_err(DbError::unavailable)?;
    Ok(connection)
}

/// The one connection that writes.
pub(crate) struct Writer {
    connection: Connection,
    /// None in memory.
    opened: Option<Opened>,
    /// Whether the log was told that the file is gone.
    told: bool,
    /// Commits since the file was last looked after.
    commits: u32,
}

fn start_writer(mut writer: Writer) -> Result<Queue, DbError> {
    let (sender, mut waiting) = mpsc::channel::<Box<dyn Job>>(QUEUE_LIMIT);
    std::thread::Builder::new()
        .name("sqlite-writer".to_owned())
        .spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                if first.is_upkeep() {
                    writer.look_after();
                } else {
                    writer.write_group(first, &mut waiting);
                }
            }
        })
        .map_err(DbError::unavailable)?;
    Ok(Queue::Thread(sender))
}

/// Has the writer look after its file, as long as there is one.
fn keep(writes: &Queue) -> Result<(), DbError> {
    let Some(writes) = writes.weak() else {
        return Ok(());
    };
    std::thread::Builder::new()
        .name("sqlite-keeper".to_owned())
        .spawn(move || {
            while let Some(writes) = writes.upgrade() {
                // A full queue has a commit coming, which looks as well.
                drop(writes.try_send(Box::new(Upkeep)));
                drop(writes);
                rest();
            }
        })
        .map_err(DbError::unavailable)?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread has nothing to wait for but the time between two looks at the file"
)]
fn rest() {
    std::thread::sleep(LOOK_AFTER);
}

impl Writer {
    const fn of(connection: Connection, opened: Option<Opened>) -> Self {
        Self {
            connection,
            opened,
            told: false,
            commits: 0,
        }
    }

    /// Runs `first` and whatever else is waiting in one transaction, and tells
    /// everyone once the commit is on the disk. While it is, the next group gathers.
    fn write_group(&mut self, first: Box<dyn Job>, waiting: &mut mpsc::Receiver<Box<dyn Job>>) {
        if let Err(error) = command(&self.connection, "BEGIN IMMEDIATE") {
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
            let mut tx = Tx::sqlite(&self.connection);
            all_commit &= job.run(&mut tx) == Verdict::Commit && tx.failure().is_none();
            group.push(job);
            if all_commit && group.len() < GROUP_LIMIT {
                next = waiting.try_recv().ok();
            }
        }
        metrics::counter!("passerelle_db_commits_total").increment(1);
        metrics::counter!("passerelle_db_writes_total").increment(group.len() as u64);
        if all_commit {
            let outcome = self.commit();
            if outcome.is_err() {
                roll_back(&self.connection);
            }
            for job in group {
                job.finish(outcome.clone());
            }
        } else {
            // Rare, and closures may run again: once more, each in a savepoint of
            // its own. With savepoints from the start every page that is changed
            // would be copied first.
            roll_back(&self.connection);
            self.write_apart(group);
        }
    }

    /// Runs the closures of a group of which one was not to be kept.
    fn write_apart(&mut self, group: Vec<Box<dyn Job>>) {
        let mut failed = command(&self.connection, "BEGIN IMMEDIATE")
            .map_err(DbError::unavailable)
            .err();
        let mut done = Vec::new();
        for mut job in group {
            let mut undone = None;
            if failed.is_none() {
                match run_in_savepoint(&self.connection, job.as_mut()) {
                    // An error such as a full disk ends the whole transaction at
                    // once, and with it what the others in the group did.
                    Ok(_) if self.connection.is_autocommit() => {
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
            None => self.commit(),
        };
        if outcome.is_err() {
            roll_back(&self.connection);
        }
        for (job, undone) in done {
            job.finish(match (&outcome, undone) {
                (Ok(()), Some(error)) => Err(error),
                (outcome, _) => outcome.clone(),
            });
        }
    }

    fn commit(&mut self) -> Result<(), DbError> {
        self.commits = self.commits.saturating_add(1);
        self.is_there()?;
        command(&self.connection, "COMMIT").map_err(commit_failed)
    }

    /// Whether what is written now is in the file that people know; tells the log
    /// when that changes.
    fn is_there(&mut self) -> Result<(), DbError> {
        let there = self.opened.as_ref().map_or(Ok(()), Opened::is_there);
        match &there {
            Err(error) if !self.told => {
                tracing::error!("{error}");
                metrics::gauge!("passerelle_db_file_gone").set(1.0);
            }
            Ok(()) if self.told => {
                tracing::warn!("the database is back where it was, and is written again");
                metrics::gauge!("passerelle_db_file_gone").set(0.0);
            }
            _ => {}
        }
        self.told = there.is_err();
        there
    }

    /// Notices that the file is gone, also while nobody writes; and when few do,
    /// folds the log in, which would keep the size that it once had.
    fn look_after(&mut self) {
        let quiet = std::mem::take(&mut self.commits) <= QUIET_COMMITS;
        if self.is_there().is_err() || !quiet {
            return;
        }
        if self.opened.as_ref().is_some_and(Opened::has_long_log)
            && let Err(error) = self.empty_log()
        {
            tracing::warn!(%error, "the log of the database could not be folded in");
        }
    }

    /// Waits for nobody: while somebody reads what is in the log, it stays.
    fn empty_log(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let done = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        match done {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                Ok(())
            }
            done => done,
        }
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
