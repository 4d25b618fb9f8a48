//! Statements in a transaction of PostgreSQL.

use super::connect::{AT_ONCE, Home, Line, Prepared};
use crate::step_text::statements;
use crate::{DbError, Row, Value};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

/// What was prepared on a connection, by its text.
pub(crate) type Statements = HashMap<String, Statement>;

/// What a transaction met that is not its own fault: it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// Another transaction's changes.
    Conflict,
    /// A row that another transaction wrote meanwhile.
    Taken,
    /// The end of the connection, or of the server's taking writes.
    Lost,
}

pub(crate) fn met(error: &tokio_postgres::Error) -> Option<Met> {
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    let Some(state) = error.code() else {
        // What was wrong before it was sent says nothing of the line.
        let from = std::error::Error::source(error);
        let is_io = from.is_some_and(|from| from.is::<std::io::Error>());
        return (error.is_closed() || is_io).then_some(Met::Lost);
    };
    match state.code() {
        "40001" | "40P01" => Some(Met::Conflict),
        // Or one that another transaction took away.
        "23503" | "23505" => Some(Met::Taken),
        // Shut down or starting; a standby. A statement cancelled for its time is not.
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "25P03" => Some(Met::Lost),
        code if code.starts_with("08") => Some(Met::Lost),
        _ => None,
    }
}

/// Why there is no answer to a statement.
enum Failed {
    /// The server refused to begin the transaction.
    ToBegin(tokio_postgres::Error),
    Statement(tokio_postgres::Error),
    /// It says nothing, or is no longer the one to ask.
    Silent,
}

pub(crate) struct PostgresTx<'a> {
    pub(crate) line: &'a mut Line,
    pub(crate) runtime: &'a Runtime,
    /// Where connections go.
    pub(crate) home: watch::Receiver<Home>,
    /// How long a statement may take.
    pub(crate) limit: Duration,
    /// What begins the transaction, until the first statement takes it along. Its answer
    /// is not waited for before a SELECT, which changes nothing should it be refused.
    pub(crate) begin: Option<String>,
    pub(crate) met: Option<Met>,
}

impl PostgresTx<'_> {
    pub(crate) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let params: Vec<_> = params.iter().map(Param).collect();
        if self.line.prepared == Prepared::Never {
            let typed = typed(&params);
            return self.wait(sql, async |client| client.execute_typed(sql, &typed).await);
        }
        let statement = self.prepared(sql)?;
        let params = as_sql(&params);
        self.wait(sql, async |client| {
            client.execute(&statement, &params).await
        })
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let params: Vec<_> = params.iter().map(Param).collect();
        let rows = if self.line.prepared == Prepared::Never {
            let typed = typed(&params);
            self.wait(sql, async |client| client.query_typed(sql, &typed).await)?
        } else {
            let statement = self.prepared(sql)?;
            let params = as_sql(&params);
            self.wait(sql, async |client| client.query(&statement, &params).await)?
        };
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let columns: Arc<[String]> = first
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
        let sql = sql
            .replace(" TEXT", " TEXT COLLATE \"C\"")
            .replace(" BLOB", " BYTEA");
        // For each row: a distributed table has no other triggers.
        let append_only = |table: &str| {
            [
                format!(
                    "CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN RAISE EXCEPTION '{table} is append only'; END $$"
                ),
                format!(
                    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE
                        ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
                ),
            ]
        };
        statements(&sql, append_only)
            .iter()
            .try_for_each(|statement| self.batch(statement))
    }

    /// Statements without parameters.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        self.wait(sql, async |client| client.batch_execute(sql).await)
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.line.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(sql, async |client| client.prepare(sql).await)?;
        self.line
            .statements
            .insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Waits for the server, for as long as it may take, and while connections go to
    /// this one.
    fn wait<T>(
        &mut self,
        sql: &str,
        ask: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, DbError> {
        let (client, here, home) = (&self.line.client, self.line.home, &mut self.home);
        let (limit, begin) = (self.limit, self.begin.take());
        let only_reads = sql.trim_start().starts_with("SELECT");
        let begun = async {
            let Some(begin) = &begin else { return Ok(()) };
            match tokio::time::timeout(AT_ONCE, client.batch_execute(begin)).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Failed::ToBegin(error)),
                Err(_) => Err(Failed::Silent),
            }
        };
        let asked = async { ask(client).await.map_err(Failed::Statement) };
        let both = async {
            if only_reads {
                // They go out in this order.
                let ((), answer) = tokio::try_join!(biased; begun, asked)?;
                Ok(answer)
            } else {
                begun.await?;
                asked.await
            }
        };
        let since = Instant::now();
        let answer = self.runtime.block_on(async {
            tokio::select! {
                biased;
                answer = both => answer,
                () = tokio::time::sleep(limit) => Err(Failed::Silent),
                // It ends with the server, which is there as long as we are.
                _ = home.wait_for(|home| *home != here) => Err(Failed::Silent),
            }
        });
        match answer {
            Ok(answer) => Ok(answer),
            Err(Failed::Statement(error)) => Err(self.failed(sql, error)),
            Err(Failed::ToBegin(error)) => {
                self.met = Some(Met::Lost);
                Err(DbError::unavailable(error))
            }
            Err(Failed::Silent) => {
                self.met = Some(Met::Lost);
                Err(DbError::silent(
                    "PostgreSQL did not answer",
                    since.elapsed(),
                ))
            }
        }
    }

    fn failed(&mut self, sql: &str, error: tokio_postgres::Error) -> DbError {
        self.met = self.met.or(met(&error));
        if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
            && !self.line.statements.is_empty()
        {
            // Another version of this program has changed a table meanwhile, and
            // the prepared statements still know the old one.
            self.line.statements.clear();
            self.met = Some(Met::Conflict);
        }
        match (error.code(), met(&error)) {
            (None, Some(_)) => DbError::unavailable(error),
            _ => DbError::statement(sql, error),
        }
    }
}

fn as_sql<'a>(params: &'a [Param<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as _).collect()
}

fn typed<'a>(params: &'a [Param<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let of = |param: &Param<'_>| match param.0 {
        Value::Null => Type::UNKNOWN,
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    };
    params.iter().map(|param| (param as _, of(param))).collect()
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
            Value::Bytes(bytes) if *to == Type::BYTEA => bytes.as_slice().to_sql(to, out),
            Value::Bytes(_) => Err(format!("bytes were given where {to} is expected").into()),
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
            Type::BYTEA => Value::Bytes(raw.to_owned()),
            _ => Value::Text(String::from_sql(of, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(of: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::BOOL, Type::BYTEA].contains(of)
            || <String as FromSql>::accepts(of)
    }
}
