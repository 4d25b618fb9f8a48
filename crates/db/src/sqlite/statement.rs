//! Statements on a connection to SQLite.

use crate::step_text::statements;
use crate::{DbError, Row, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};
use std::sync::Arc;

pub(crate) fn execute(
    connection: &Connection,
    sql: &str,
    params: &[Value],
) -> Result<u64, DbError> {
    let run = || {
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        statement.raw_execute()
    };
    run()
        .map(|changed| changed as u64)
        .map_err(|error| DbError::statement(sql, error))
}

pub(crate) fn query(
    connection: &Connection,
    sql: &str,
    params: &[Value],
) -> Result<Vec<Row>, DbError> {
    let run = || -> rusqlite::Result<Vec<Row>> {
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        let mut found: Vec<Row> = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let columns: Arc<[String]> = match found.first() {
                Some(first) => Arc::clone(&first.columns),
                None => row.as_ref().column_names().map(str::to_owned).collect(),
            };
            let values = (0..columns.len())
                .map(|at| {
                    row.get_ref(at).and_then(|value| match value {
                        ValueRef::Null => Ok(Value::Null),
                        ValueRef::Integer(number) => Ok(Value::Int(number)),
                        ValueRef::Text(text) => {
                            Ok(Value::Text(String::from_utf8_lossy(text).into_owned()))
                        }
                        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_owned())),
                        other => Err(rusqlite::Error::InvalidColumnType(
                            at,
                            columns[at].clone(),
                            other.data_type(),
                        )),
                    })
                })
                .collect::<Result<_, _>>()?;
            found.push(Row { columns, values });
        }
        Ok(found)
    };
    run().map_err(|error| DbError::statement(sql, error))
}

/// `$3` is a *named* parameter to SQLite, numbered by first appearance.
fn bind(statement: &mut Statement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), wanted));
    }
    for index in 1..=wanted {
        let number = statement
            .parameter_name(index)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| number.checked_sub(1))
            .filter(|number| *number < params.len())
            .ok_or(rusqlite::Error::InvalidParameterCount(params.len(), wanted))?;
        statement.raw_bind_parameter(index, to_sql(&params[number]))?;
    }
    Ok(())
}

fn to_sql(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Int(number) => ValueRef::Integer(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Bytes(bytes) => ValueRef::Blob(bytes),
    })
}

pub(crate) fn define(connection: &Connection, sql: &str) -> Result<(), DbError> {
    let sql = sql.replace(
        "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "INTEGER PRIMARY KEY AUTOINCREMENT",
    );
    let append_only = |table: &str| {
        ["UPDATE", "DELETE"].map(|what| {
            format!(
                "CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table} BEGIN
                    SELECT RAISE(ABORT, '{table} is append only'); END;"
            )
        })
    };
    let sql = statements(&sql, append_only).concat();
    connection
        .execute_batch(&sql)
        .map_err(|error| DbError::statement(&sql, error))
}
