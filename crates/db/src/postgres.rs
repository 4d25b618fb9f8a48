//! PostgreSQL: a pool of connections, each on a thread of its own;
//! SERIALIZABLE for writes, with bounded retry; a read-only snapshot for reads.

pub(crate) mod statement;

use crate::job::{Access, Job, Queue, Queues, Verdict};
use crate::{DbError, Durability, Tx};
use postgres::{Client, IsolationLevel, NoTls};
use statement::{PostgresTx, Statements, is_conflict};
use std::time::Duration;

const CONNECTIONS: u32 = 8;
/// How long a server may be silent while connecting or sending.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one statement may take, in milliseconds.
const STATEMENT_LIMIT_MS: u32 = 60_000;
/// How often a transaction that met another's changes is tried.
const ATTEMPTS: u32 = 40;

pub(crate) fn open(url: &str, durability: Durability) -> Result<Queues, DbError> {
    let mut connections: Vec<_> = (0..CONNECTIONS)
        .map(|number| Connection {
            url: url.to_owned(),
            durability,
            number,
            open: None,
        })
        .collect();
    // The others connect when they are needed; one must work now.
    connections[0].client()?;
    let workers = connections
        .into_iter()
        .map(|mut connection| move |job| connection.run(job));
    let queue = Queue::with_threads("postgres", workers)?;
    Ok(Queues {
        reads: queue.clone(),
        writes: queue,
    })
}

struct Connection {
    url: String,
    durability: Durability,
    number: u32,
    open: Option<(Client, Statements)>,
}

/// How one attempt at a transaction ended.
enum Attempt {
    Done(Result<(), DbError>),
    /// It met another's changes.
    Conflict,
    /// The connection had died since it was last used; nothing was sent.
    Reconnect,
}

impl Connection {
    fn client(&mut self) -> Result<(&mut Client, &mut Statements), DbError> {
        let open = match self.open.take() {
            Some((client, statements)) if !client.is_closed() => (client, statements),
            _ => (self.connect()?, Statements::new()),
        };
        let (client, statements) = self.open.insert(open);
        Ok((client, statements))
    }

    fn connect(&self) -> Result<Client, DbError> {
        let mut config: postgres::Config = self.url.parse().map_err(DbError::unavailable)?;
        // A server that vanished must be noticed, or callers wait for ever.
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(PATIENCE);
        }
        config.keepalives_idle(PATIENCE);
        let mut client = config.connect(NoTls).map_err(DbError::unavailable)?;
        let commit = match self.durability {
            Durability::Full => "on",
            Durability::Relaxed => "off",
        };
        client
            .batch_execute(&format!(
                "SET synchronous_commit = {commit}; SET statement_timeout = {STATEMENT_LIMIT_MS}"
            ))
            .map_err(DbError::unavailable)?;
        Ok(client)
    }

    fn run(&mut self, mut job: Box<dyn Job>) {
        for attempt in 1..=ATTEMPTS {
            match self.attempt(job.as_mut()) {
                Attempt::Done(outcome) => {
                    metrics::counter!("passerelle_db_commits_total").increment(1);
                    metrics::counter!("passerelle_db_writes_total").increment(1);
                    return job.finish(outcome);
                }
                Attempt::Conflict => {
                    metrics::counter!("passerelle_db_conflicts_total", "name" => job.name())
                        .increment(1);
                    self.give_way(attempt);
                }
                Attempt::Reconnect => self.open = None,
            }
        }
        let error = DbError::Busy {
            name: job.name(),
            attempts: ATTEMPTS,
        };
        job.finish(Err(error));
    }

    /// Those who met wait for different times, so that they do not meet again.
    #[expect(
        clippy::disallowed_methods,
        reason = "this thread serves one connection and has nothing to wait for but the others"
    )]
    fn give_way(&self, attempt: u32) {
        let ms = u64::from((attempt * (1 + self.number)).min(60));
        std::thread::sleep(Duration::from_millis(ms));
    }

    fn attempt(&mut self, job: &mut dyn Job) -> Attempt {
        let reused = self.open.is_some();
        let (client, statements) = match self.client() {
            Ok(open) => open,
            Err(error) => return Attempt::Done(Err(error)),
        };
        let begin = match job.access() {
            Access::Write => client
                .build_transaction()
                .isolation_level(IsolationLevel::Serializable),
            Access::Read => client
                .build_transaction()
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true),
        };
        let transaction = match begin.start() {
            Ok(transaction) => transaction,
            Err(_) if reused => return Attempt::Reconnect,
            Err(error) => return Attempt::Done(Err(DbError::unavailable(error))),
        };
        let mut tx = Tx::postgres(PostgresTx {
            transaction,
            statements,
            conflict: false,
        });
        let verdict = job.run(&mut tx);
        let failure = tx.failure();
        let Some(tx) = tx.into_postgres() else {
            return Attempt::Done(Err(DbError::Closed));
        };
        if tx.conflict {
            // Dropped, it rolls back, whatever the closure made of the error.
            return Attempt::Conflict;
        }
        if verdict == Verdict::RollBack {
            return Attempt::Done(Ok(()));
        }
        if let Some(swallowed) = failure {
            return Attempt::Done(Err(swallowed));
        }
        match tx.transaction.commit() {
            Ok(()) => Attempt::Done(Ok(())),
            Err(error) if is_conflict(&error) => Attempt::Conflict,
            Err(error) if error.as_db_error().is_some() => {
                Attempt::Done(Err(DbError::Commit(error.into())))
            }
            Err(error) => Attempt::Done(Err(DbError::CommitUnknown(error.into()))),
        }
    }
}
