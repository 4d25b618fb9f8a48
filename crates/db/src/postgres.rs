//! PostgreSQL: one pool of connections for what a visitor waits for and one for the
//! rest, each connection on a thread of its own. READ COMMITTED for writes, with
//! bounded retry; a read-only snapshot for reads.
//!
//! Every wait has an end that this side keeps: a server that hangs, or a standby
//! that never confirms, says nothing.

mod connect;
pub(crate) mod statement;

use crate::job::{Access, Job, Queue, Queues, Verdict};
use crate::{DbError, Tx};
use connect::{AT_ONCE, Line, Server};
use statement::{Met, PostgresTx};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// What one pool waits for, and how long.
#[derive(Debug, Clone, Copy)]
struct Patience {
    connections: u32,
    /// For a place among the connections.
    queued: Duration,
    /// For a row that another transaction holds.
    lock: Duration,
    /// For one statement; beginning and commit are statements too.
    statement: Duration,
    /// After that no transaction is tried again.
    retried: Duration,
}

/// Somebody stands at the gate. A frozen server is left for another one after
/// `statement`, and it is asked once more.
const URGENT: Patience = Patience {
    connections: 8,
    queued: Duration::from_secs(10),
    lock: Duration::from_millis(1_500),
    statement: Duration::from_secs(2),
    retried: Duration::from_secs(3),
};

/// Pages, reports, and work in the background.
const REST: Patience = Patience {
    connections: 4,
    queued: Duration::from_secs(20),
    lock: Duration::from_secs(20),
    statement: Duration::from_secs(60),
    retried: Duration::from_secs(20),
};

/// How often a transaction that met another's changes is tried.
const ATTEMPTS: u32 = 12;
/// How often one whose row was there already is tried: the second time finds it.
const ATTEMPTS_IF_TAKEN: u32 = 3;

pub(crate) fn open(url: &str) -> Result<Queues, DbError> {
    let server = Arc::new(Server::of(url)?);
    let pool = |name: &str, patience: Patience| {
        let mut connections = (0..patience.connections)
            .map(|number| Connection::new(&server, patience, number))
            .collect::<Result<Vec<_>, _>>()?;
        // The others connect when they are needed; one must work now.
        connections[0].line()?;
        let workers = connections
            .into_iter()
            .map(|mut connection| move |job| connection.run(job));
        Queue::with_threads(name, workers)
    };
    let urgent = pool("pg-urgent", URGENT)?;
    let rest = pool("pg-rest", REST)?;
    Ok(Queues {
        urgent: Some(urgent),
        ..Queues::of(rest.clone(), rest)
    })
}

struct Connection {
    server: Arc<Server>,
    patience: Patience,
    number: u32,
    runtime: Runtime,
    open: Option<Line>,
}

/// How one attempt at a transaction ended.
enum Attempt {
    Done(Result<(), DbError>),
    /// What it met, and the error it is if it is not tried again.
    Again(Met, DbError),
}

impl Connection {
    fn new(server: &Arc<Server>, patience: Patience, number: u32) -> Result<Self, DbError> {
        Ok(Self {
            server: Arc::clone(server),
            patience,
            number,
            runtime: Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(DbError::unavailable)?,
            open: None,
        })
    }

    /// A connection to the server that takes writes now.
    fn line(&mut self) -> Result<&mut Line, DbError> {
        let line = match self.open.take() {
            Some(mut line) if line.is_good(&self.server) => {
                line.used = Instant::now();
                line
            }
            _ => self.runtime.block_on(self.server.connect())?,
        };
        Ok(self.open.insert(line))
    }

    fn run(&mut self, mut job: Box<dyn Job>) {
        // Whoever asked has gone, and nothing was done: as if it had never come.
        let Some(waited) = job.waits() else { return };
        if waited > self.patience.queued {
            return job.finish(Err(DbError::silent(
                "no connection was free for it",
                waited,
            )));
        }
        let begun = Instant::now();
        let mut attempt = 1;
        let outcome = loop {
            let (met, error) = match self.attempt(job.as_mut()) {
                Attempt::Done(outcome) => break outcome,
                Attempt::Again(met, error) => (met, error),
            };
            if met == Met::Lost {
                self.open = None;
            }
            let is_late = begun.elapsed() > self.patience.retried;
            match met {
                Met::Taken if attempt >= ATTEMPTS_IF_TAKEN => break Err(error),
                Met::Lost if is_late || attempt >= ATTEMPTS => break Err(error),
                Met::Conflict | Met::Taken if is_late || attempt >= ATTEMPTS => {
                    break Err(DbError::Busy {
                        name: job.name(),
                        attempts: attempt,
                    });
                }
                Met::Lost => {}
                Met::Conflict | Met::Taken => {
                    metrics::counter!("passerelle_db_conflicts_total", "name" => job.name())
                        .increment(1);
                    self.give_way(attempt);
                }
            }
            attempt += 1;
        };
        if outcome.is_ok() && job.access() == Access::Write {
            metrics::counter!("passerelle_db_commits_total").increment(1);
            metrics::counter!("passerelle_db_writes_total").increment(1);
        }
        job.finish(outcome);
    }

    /// Those who met wait for different times, so that they do not meet again.
    fn give_way(&self, attempt: u32) {
        let ms = u64::from((attempt * (1 + self.number)).min(60));
        self.runtime
            .block_on(async { tokio::time::sleep(Duration::from_millis(ms)).await });
    }

    fn attempt(&mut self, job: &mut dyn Job) -> Attempt {
        if let Err(error) = self.line() {
            return Attempt::Done(Err(error));
        }
        let Some(line) = &mut self.open else {
            return Attempt::Done(Err(DbError::Closed));
        };
        let postgres = PostgresTx {
            line,
            runtime: &self.runtime,
            home: self.server.home(),
            limit: self.patience.statement,
            begin: Some(begin(job.access(), self.patience)),
            met: None,
        };
        let mut tx = Tx::postgres(postgres);
        let verdict = job.run(&mut tx);
        let (met, failure) = (tx.met(), tx.failure());
        if !tx.has_begun() {
            return Attempt::Done(Ok(()));
        }
        if verdict == Verdict::Commit && failure.is_none() {
            return self.commit();
        }
        // A connection that is lost rolls back by its end.
        if met != Some(Met::Lost) && !matches!(self.end("ROLLBACK", AT_ONCE), Some(Ok(()))) {
            self.open = None;
        }
        match (met, failure, verdict) {
            (Some(met), Some(error), _) => Attempt::Again(met, error),
            // The closure swallowed it, and its own answer stands only if it committed.
            (None, Some(error), Verdict::Commit) => Attempt::Done(Err(error)),
            _ => Attempt::Done(Ok(())),
        }
    }

    /// Ends a transaction; none if there was no answer.
    fn end(&self, how: &str, limit: Duration) -> Option<Result<(), tokio_postgres::Error>> {
        let client = &self.open.as_ref()?.client;
        self.runtime
            .block_on(async { tokio::time::timeout(limit, client.batch_execute(how)).await })
            .ok()
    }

    fn commit(&mut self) -> Attempt {
        // It may have been kept before the connection ended.
        let unknown = match self.end("COMMIT", self.patience.statement) {
            Some(Ok(())) => return Attempt::Done(Ok(())),
            Some(Err(error)) => match statement::met(&error) {
                Some(Met::Lost) => error.into(),
                Some(met) => return Attempt::Again(met, DbError::Commit(error.into())),
                None => return Attempt::Done(Err(DbError::Commit(error.into()))),
            },
            None => std::io::Error::from(std::io::ErrorKind::TimedOut).into(),
        };
        self.open = None;
        Attempt::Done(Err(DbError::CommitUnknown(unknown)))
    }
}

/// What begins a transaction. What holds for it is said with it, and nothing is said
/// for the session: behind a pooler the next transaction has another.
fn begin(access: Access, patience: Patience) -> String {
    let ms = |limit: Duration| limit.as_millis();
    let mode = match access {
        Access::Write => "READ COMMITTED",
        Access::Read => "REPEATABLE READ, READ ONLY",
    };
    // Should this process freeze, its rows are free again after a while.
    let idle = patience.statement + patience.lock;
    format!(
        "BEGIN ISOLATION LEVEL {mode}; SET LOCAL lock_timeout = {}; \
         SET LOCAL statement_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = {}",
        ms(patience.lock),
        ms(patience.statement),
        ms(idle),
    )
}
