//! Statements in a transaction of PostgreSQL.

use crate::append_only::with_append_only;
use crate::{DbError, Row, Value};
use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Statement, Transaction};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

/// What was prepared on a connection, by its text.
pub(crate) type Statements = HashMap<String, Statement>;

pub(crate) fn is_conflict(error: &postgres::Error) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ]
    .iter()
    .any(|state| error.code() == Some(state))
}

pub(crate) struct PostgresTx<'a> {
    pub(crate) transaction: Transaction<'a>,
    pub(crate) statements: &'a mut Statements,
    pub(crate) conflict: bool,
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
        let sql = with_append_only(&sql, |table| {
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
