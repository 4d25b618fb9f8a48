//! PostgreSQL: a pool of connections, each on a thread of its own;
//! SERIALIZABLE for writes, with bounded retry; a read-only snapshot for reads.

use crate::job::{Access, Job, Queue, Verdict};
use crate::{Db, DbError, Durability, QUEUE_LIMIT, Row, Tx, Value};
use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, IsolationLevel, NoTls, Statement, Transaction};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

const CONNECTIONS: u32 = 8;
/// How long a server may be silent while connecting or sending.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one statement may take, in milliseconds.
const STATEMENT_LIMIT_MS: u32 = 60_000;
/// How often a transaction that met another's changes is tried.
const ATTEMPTS: u32 = 40;

type Statements = HashMap<String, Statement>;

pub(crate) fn open(url: &str, durability: Durability) -> Result<Db, DbError> {
    let (sender, waiting) = mpsc::channel::<Box<dyn Job>>(QUEUE_LIMIT);
    let waiting = Arc::new(Mutex::new(waiting));
    for number in 0..CONNECTIONS {
        let mut connection = Connection::new(url, durability, number);
        if number == 0 {
            // The others connect when they are needed; one must work now.
            connection.client()?;
        }
        let waiting = Arc::clone(&waiting);
        std::thread::Builder::new()
            .name(format!("postgres-{number}"))
            .spawn(move || {
                loop {
                    let next = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .blocking_recv();
                    match next {
                        Some(job) => connection.run(job),
                        None => return,
                    }
                }
            })
            .map_err(DbError::unavailable)?;
    }
    Ok(Db {
        reads: Queue::Thread(sender.clone()),
        writes: Queue::Thread(sender),
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
    fn new(url: &str, durability: Durability, number: u32) -> Self {
        Self {
            url: url.to_owned(),
            durability,
            number,
            open: None,
        }
    }

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
        if verdict == Verdict::Undo {
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

fn is_conflict(error: &postgres::Error) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ]
    .iter()
    .any(|state| error.code() == Some(state))
}

pub(crate) struct PostgresTx<'a> {
    transaction: Transaction<'a>,
    statements: &'a mut Statements,
    conflict: bool,
}

impl PostgresTx<'_> {
    pub(crate) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let statement = self.prepared(sql)?;
        let params: Vec<_> = params.iter().map(Param).collect();
        self.transaction
            .execute(&statement, &as_sql(&params))
            .map_err(|error| self.failed(sql, error))
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let statement = self.prepared(sql)?;
        let params: Vec<_> = params.iter().map(Param).collect();
        let rows = self
            .transaction
            .query(&statement, &as_sql(&params))
            .map_err(|error| self.failed(sql, error))?;
        let columns: Arc<[String]> = statement
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        rows.into_iter()
            .map(|row| {
                let values = (0..columns.len())
                    .map(|at| row.try_get(at).map(|Column(value)| value))
                    .collect::<Result<_, _>>()
                    .map_err(|error| DbError::statement(sql, error))?;
                Ok(Row {
                    columns: Arc::clone(&columns),
                    values,
                })
            })
            .collect()
    }

    pub(crate) fn define(&mut self, sql: &str) -> Result<(), DbError> {
        let sql = sql.replace(" TEXT", " TEXT COLLATE \"C\"");
        let sql = crate::migrate::with_append_only(&sql, |table| {
            format!(
                "CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION '{table} is append only'; END $$;
                 CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
                    ON {table} EXECUTE FUNCTION {table}_append_only();"
            )
        });
        self.transaction
            .batch_execute(&sql)
            .map_err(|error| self.failed(&sql, error))
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self
            .transaction
            .prepare(sql)
            .map_err(|error| self.failed(sql, error))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn failed(&mut self, sql: &str, error: postgres::Error) -> DbError {
        self.conflict |= is_conflict(&error);
        if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) && !self.statements.is_empty() {
            // Another version of this program has changed a table meanwhile, and
            // the prepared statements still know the old one.
            self.statements.clear();
            self.conflict = true;
        }
        DbError::statement(sql, error)
    }
}

fn as_sql<'a>(params: &'a [Param<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as _).collect()
}

/// A value on its way in.
#[derive(Debug)]
struct Param<'a>(&'a Value);

/// A value on its way out.
struct Column(Value);

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        to: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) if *to == Type::INT4 => i32::try_from(*number)?.to_sql(to, out),
            Value::Int(number) if *to == Type::INT8 => number.to_sql(to, out),
            Value::Text(text) if <String as ToSql>::accepts(to) => text.to_sql(to, out),
            Value::Int(_) => Err(format!("a number was given where {to} is expected").into()),
            Value::Text(_) => Err(format!("text was given where {to} is expected").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Column {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *of {
            Type::INT8 => Value::Int(i64::from_sql(of, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(of, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(of, raw)?.into()),
            _ => Value::Text(String::from_sql(of, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(of: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::BOOL].contains(of) || <String as FromSql>::accepts(of)
    }
}
