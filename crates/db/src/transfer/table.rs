//! Tables as their steps make them, read and written row by row.

use crate::{Db, DbError, DbUrl, Schema, Tx, Value, params};
use kernel::Timestamp;
use std::collections::BTreeSet;

/// How many rows of a table are read at a time.
const RANGE: usize = 1_000;
/// The same where a row may be long.
const RANGE_OF_LONG: usize = 16;
/// How many rows one statement writes.
const ROWS_A_STATEMENT: usize = 50;

/// A row, in the order of its columns.
pub(super) type Row = Vec<Value>;

/// A table, as its steps make it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    columns: Vec<String>,
    /// Where its key stands among the columns.
    key: Vec<usize>,
    /// Whether the database gives out the key's numbers.
    pub(super) is_numbered: bool,
    /// How many rows are read at a time.
    pub(super) range: usize,
}

impl Table {
    fn key_column(&self) -> &str {
        &self.columns[self.key[0]]
    }

    pub(super) fn key_of(&self, row: &Row) -> Row {
        self.key.iter().map(|at| row[*at].clone()).collect()
    }

    fn keys(&self) -> String {
        let keys = self.key.iter().map(|at| self.columns[*at].as_str());
        keys.collect::<Vec<_>>().join(", ")
    }

    /// `(KEY) = ($1, …)`.
    pub(super) fn key_is(&self) -> String {
        format!("({}) = ({})", self.keys(), places(1, self.key.len()))
    }

    /// Those behind `after` and up to `to`, in the order of their keys, at most so many.
    pub(super) fn rows(
        &self,
        tx: &mut Tx<'_>,
        after: Option<&Row>,
        to: Option<&Row>,
        limit: Option<usize>,
    ) -> Result<Vec<Row>, DbError> {
        let mut bounds = Vec::new();
        let mut values = Vec::new();
        for (key, than) in [(after, ">"), (to, "<=")] {
            let Some(key) = key else { continue };
            let places = places(values.len() + 1, key.len());
            bounds.push(format!("({}) {than} ({places})", self.keys()));
            values.extend_from_slice(key);
        }
        let sql = format!(
            "SELECT {} FROM {}{}{} ORDER BY {}{}",
            self.columns.join(", "),
            self.name,
            if bounds.is_empty() { "" } else { " WHERE " },
            bounds.join(" AND "),
            self.keys(),
            limit.map_or_else(String::new, |limit| format!(" LIMIT {limit}")),
        );
        let rows = tx.query(&sql, &values)?;
        Ok(rows.into_iter().map(|row| row.values).collect())
    }

    /// Writes rows, in the place of those with their keys.
    pub(super) fn put(&self, tx: &mut Tx<'_>, rows: &[Row]) -> Result<(), DbError> {
        let several = self.put_sql(tx, ROWS_A_STATEMENT);
        let one = self.put_sql(tx, 1);
        let mut groups = rows.chunks_exact(ROWS_A_STATEMENT);
        for group in &mut groups {
            tx.execute(&several, &group.concat())?;
        }
        for row in groups.remainder() {
            tx.execute(&one, row)?;
        }
        Ok(())
    }

    fn put_sql(&self, tx: &Tx<'_>, rows: usize) -> String {
        let width = self.columns.len();
        let values = (0..rows).map(|row| format!("({})", places(row * width + 1, width)));
        let values: Vec<_> = values.collect();
        let others = (self.columns.iter().enumerate()).filter(|(at, _)| !self.key.contains(at));
        let set = others.map(|(_, column)| format!("{column} = excluded.{column}"));
        let set: Vec<_> = set.collect();
        format!(
            "INSERT INTO {} ({}) {}VALUES {} ON CONFLICT ({}) DO {}",
            self.name,
            self.columns.join(", "),
            // Numbers that the other database gave out.
            if tx.is_sqlite() {
                ""
            } else {
                "OVERRIDING SYSTEM VALUE "
            },
            values.join(", "),
            self.keys(),
            match set.is_empty() {
                true => "NOTHING".to_owned(),
                false => format!("UPDATE SET {}", set.join(", ")),
            },
        )
    }

    /// The last number that the database gave out for the key; 0 if none.
    pub(super) fn last_number(&self, tx: &mut Tx<'_>) -> Result<i64, DbError> {
        if tx.is_sqlite() {
            let sql = "SELECT seq FROM sqlite_sequence WHERE name = $1";
            return Ok(tx.value_opt(sql, params![&self.name])?.unwrap_or(0));
        }
        let sql = "SELECT pg_get_serial_sequence($1, $2)";
        let sequence: String = tx.value(sql, params![&self.name, self.key_column()])?;
        let sql = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}");
        tx.value(&sql, params![])
    }

    /// The next number that the database gives out is the one behind `last`.
    pub(super) fn number_on(&self, tx: &mut Tx<'_>, last: i64) -> Result<(), DbError> {
        if tx.is_sqlite() {
            let delete = "DELETE FROM sqlite_sequence WHERE name = $1";
            tx.execute(delete, params![&self.name])?;
            let insert = "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)";
            return tx.run(insert, params![&self.name, last]);
        }
        let sql = "SELECT setval(CAST(pg_get_serial_sequence($1, $2) AS regclass),
                                 GREATEST(CAST($3 AS BIGINT), 1), CAST($3 AS BIGINT) > 0)";
        tx.run(sql, params![&self.name, self.key_column(), last])
    }
}

/// `$from, …`, as many as that.
fn places(from: usize, count: usize) -> String {
    let places = (from..from + count).map(|n| format!("${n}"));
    places.collect::<Vec<_>>().join(", ")
}

/// What the steps make, as an empty database says: those that others refer to first.
pub(super) async fn tables(schemas: &'static [Schema]) -> Result<Vec<Table>, DbError> {
    let db = Db::open(&DbUrl::SqliteMemory).await?;
    db.migrate(schemas, Timestamp::MIN).await?;
    let all = db.read("tables", |tx| {
        let sql = "SELECT name, sql FROM sqlite_schema
                   WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
        let found: Vec<(String, String)> = tx.query_as(sql, params![])?;
        let tables = found.into_iter().map(|(name, sql)| table(tx, name, &sql));
        tables.collect::<Result<Vec<_>, DbError>>()
    });
    let mut left = all.await?;
    let mut sorted = Vec::new();
    let mut done = BTreeSet::new();
    while !left.is_empty() {
        let is_next = |(_, parents): &(Table, BTreeSet<String>)| parents.is_subset(&done);
        // None refer to each other in a circle: the first would do.
        let next = left.iter().position(is_next).unwrap_or(0);
        let (table, _) = left.remove(next);
        done.insert(table.name.clone());
        sorted.push(table);
    }
    Ok(sorted)
}

/// A table, and those it refers to.
fn table(tx: &mut Tx<'_>, name: String, sql: &str) -> Result<(Table, BTreeSet<String>), DbError> {
    let columns: Vec<(String, String, i64)> = tx.query_as(
        "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid",
        params![&name],
    )?;
    let mut key = Vec::new();
    for (at, (_, _, place)) in columns.iter().enumerate() {
        if *place > 0 {
            key.push((*place, at));
        }
    }
    key.sort_unstable();
    let has_blob = columns.iter().any(|(_, of, _)| of == "BLOB");
    let parents = tx.column(
        "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)",
        params![&name],
    )?;
    let mut parents: BTreeSet<String> = parents.into_iter().collect();
    parents.remove(&name);
    let table = Table {
        columns: columns.into_iter().map(|(name, _, _)| name).collect(),
        key: key.into_iter().map(|(_, at)| at).collect(),
        is_numbered: sql.contains("AUTOINCREMENT"),
        range: if has_blob { RANGE_OF_LONG } else { RANGE },
        name,
    };
    Ok((table, parents))
}
