//! All rows of one database into another, of the same or the other engine, while the
//! first is in use.
//!
//! A [`pass`](Transfer::pass) reads the source in one snapshot, in ranges of keys, and
//! writes what has changed since the pass before: of a range that is as it was, only
//! its digest is looked at. So a first pass takes long, the next ones take what was
//! written meanwhile, and the last one, after everybody has left the source, takes
//! seconds.

use crate::{Db, DbError, DbUrl, Schema, Tx, Value, params};
use kernel::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::mpsc;

/// How many rows of a table are read at a time.
const RANGE: usize = 1_000;
/// The same where a row may be long.
const RANGE_OF_LONG: usize = 16;
/// How many rows one statement writes.
const ROWS_A_STATEMENT: usize = 50;
/// How many ranges are on their way.
const ON_THE_WAY: usize = 4;
/// What says in the table of steps that a database is left, or not complete.
const MOVED: &str = "moved";
/// Its word while a database is being filled.
const FILLING: &str = "filling";
/// What is of the database it is in, and of the processes on it.
const NOT_MOVED: [&str; 3] = ["schema_migration", "lease", "gate_node"];

/// A table, as its steps make it.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<String>,
    /// Where its key stands among the columns.
    key: Vec<usize>,
    /// Whether the database gives out the key's numbers.
    is_numbered: bool,
    /// How many rows are read at a time.
    range: usize,
}

type Row = Vec<Value>;

/// The rows of a table behind one key and up to another, as they were last read. The
/// last range of a table has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    to: Option<Row>,
    digest: [u8; 32],
}

/// What was read, on its way to whoever writes.
struct Read {
    table: usize,
    after: Option<Row>,
    to: Option<Row>,
    rows: Vec<Row>,
}

/// What a pass came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// How many rows there are.
    pub rows: u64,
    /// How many were written or taken away.
    pub changed: u64,
}

/// What differs, of one table.
#[derive(Debug, Default)]
struct Changes {
    /// By their keys.
    gone: Vec<Row>,
    written: Vec<Row>,
}

/// A move of all rows from one database to another.
#[derive(Debug)]
pub struct Transfer {
    from: Db,
    to: Db,
    /// Those that others refer to come first.
    tables: Arc<[Table]>,
    known: Arc<Vec<Vec<Range>>>,
}

impl Transfer {
    /// Prepares `to`: makes its tables, and marks it as not complete, so that no service
    /// starts on it. What an earlier move left there that did not end is thrown away.
    ///
    /// # Errors
    /// [`DbError::NotEmpty`]; [`DbError::Moved`] if it was left for another.
    pub async fn begin(
        from: Db,
        to: Db,
        schemas: &'static [Schema],
        now: Timestamp,
    ) -> Result<Self, DbError> {
        let mut all = tables(schemas).await?;
        let names: Vec<_> = all.iter().map(|table| table.name.clone()).collect();
        to.write("clear", move |tx| clear(tx, &names)).await?;
        to.migrate(schemas, now).await?;
        all.retain(|table| !NOT_MOVED.contains(&&*table.name));
        let tables: Arc<[Table]> = all.into();
        let to_fill = Arc::clone(&tables);
        to.write("mark", move |tx| {
            for Table { name, .. } in &*to_fill {
                let sql = format!("SELECT 1 AS n FROM {name} LIMIT 1");
                if tx.query_opt(&sql, params![])?.is_some() {
                    let table = name.clone();
                    return Err(DbError::NotEmpty { table });
                }
            }
            mark(tx, FILLING, now)
        })
        .await?;
        Ok(Self {
            from,
            to,
            tables,
            known: Arc::default(),
        })
    }

    /// Brings the target to where the source is at one moment.
    ///
    /// # Errors
    /// [`DbError`]; the move is begun anew then.
    pub async fn pass(&mut self) -> Result<Passed, DbError> {
        let (send, mut reads) = mpsc::channel(ON_THE_WAY);
        let (tables, known) = (Arc::clone(&self.tables), Arc::clone(&self.known));
        let reading = self
            .from
            .read("read all", move |tx| read_all(tx, &tables, &known, &send));
        let is_first = self.known.is_empty();
        let mut fresh = vec![Vec::new(); self.tables.len()];
        let mut changes: BTreeMap<usize, Changes> = BTreeMap::new();
        let mut passed = Passed::default();
        let writing = async {
            while let Some(read) = reads.recv().await {
                let Some(read) = read else {
                    // It was lost, and begins anew: half of it is of another moment.
                    if passed.rows > 0 {
                        return Err(lost());
                    }
                    continue;
                };
                let n = read.table;
                let count = read.rows.len() as u64;
                passed.rows += count;
                let range = Range {
                    to: read.to.clone(),
                    digest: digest(&read.rows),
                };
                let before = self
                    .known
                    .get(n)
                    .and_then(|ranges| ranges.get(fresh[n].len()));
                let is_as_before = before == Some(&range);
                fresh[n].push(range);
                if is_first {
                    passed.changed += count;
                    self.insert(n, read.rows).await?;
                } else if !is_as_before {
                    self.compare(read, &mut changes).await?;
                }
            }
            Ok(())
        };
        let (read, written) = tokio::join!(reading, writing);
        written?;
        read?;
        for of in changes.values() {
            passed.changed += (of.gone.len() + of.written.len()) as u64;
        }
        self.apply(changes).await?;
        self.count_on().await?;
        self.known = Arc::new(fresh);
        Ok(passed)
    }

    async fn insert(&self, n: usize, rows: Vec<Row>) -> Result<(), DbError> {
        let tables = Arc::clone(&self.tables);
        let write = self.to.write("insert", move |tx| tables[n].put(tx, &rows));
        write.await
    }

    /// Holds a range of the source against the same one of the target.
    async fn compare(
        &self,
        read: Read,
        changes: &mut BTreeMap<usize, Changes>,
    ) -> Result<(), DbError> {
        let tables = Arc::clone(&self.tables);
        let (n, after, to) = (read.table, read.after, read.to);
        let theirs = self.to.read("compare", move |tx| {
            tables[n].rows(tx, after.as_ref(), to.as_ref(), None)
        });
        let keyed = |row: Row| (self.tables[n].key_of(&row), row);
        let mut theirs: BTreeMap<Row, Row> = theirs.await?.into_iter().map(keyed).collect();
        let of = changes.entry(n).or_default();
        for row in read.rows {
            let before = theirs.remove(&self.tables[n].key_of(&row));
            if before.as_ref() != Some(&row) {
                of.written.push(row);
            }
        }
        of.gone.extend(theirs.into_keys());
        Ok(())
    }

    /// In one transaction; what refers to others goes first and comes last.
    async fn apply(&self, changes: BTreeMap<usize, Changes>) -> Result<(), DbError> {
        if changes.is_empty() {
            return Ok(());
        }
        let tables = Arc::clone(&self.tables);
        let write = self.to.write("apply", move |tx| {
            for (n, of) in changes.iter().rev() {
                let table = &tables[*n];
                let sql = format!("DELETE FROM {} WHERE {}", table.name, table.key_is(1));
                for key in &of.gone {
                    tx.execute(&sql, key)?;
                }
            }
            (changes.iter()).try_for_each(|(n, of)| tables[*n].put(tx, &of.written))
        });
        write.await
    }

    /// Numbers go on behind those that were given out.
    async fn count_on(&self) -> Result<(), DbError> {
        let tables = Arc::clone(&self.tables);
        let counts = self.from.read("numbers", move |tx| {
            let numbered = tables
                .iter()
                .enumerate()
                .filter(|(_, table)| table.is_numbered);
            numbered
                .map(|(n, table)| Ok((n, table.last_number(tx)?)))
                .collect::<Result<Vec<_>, DbError>>()
        });
        let (tables, counts) = (Arc::clone(&self.tables), counts.await?);
        let write = self.to.write("numbers", move |tx| {
            counts
                .iter()
                .try_for_each(|(n, last)| tables[*n].number_on(tx, *last))
        });
        write.await
    }

    /// Leaves the source: no service and no command works on it from here on. `to` says
    /// where it went.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn leave(&self, to: String, now: Timestamp) -> Result<(), DbError> {
        self.from.write("leave", move |tx| mark(tx, &to, now)).await
    }

    /// Takes the source up again: it was not left after all.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn stay(&self) -> Result<(), DbError> {
        self.from.write("stay", unmark).await
    }

    /// The target is complete.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn end(self) -> Result<(), DbError> {
        self.to.write("complete", unmark).await
    }
}

impl Table {
    fn key_column(&self) -> &str {
        &self.columns[self.key[0]]
    }

    fn key_of(&self, row: &Row) -> Row {
        self.key.iter().map(|at| row[*at].clone()).collect()
    }

    fn keys(&self) -> String {
        let keys = self.key.iter().map(|at| self.columns[*at].as_str());
        keys.collect::<Vec<_>>().join(", ")
    }

    /// `(KEY) = ($from, …)`.
    fn key_is(&self, from: usize) -> String {
        format!("({}) = ({})", self.keys(), places(from, self.key.len()))
    }

    /// Those behind `after` and up to `to`, in the order of their keys, at most so many.
    fn rows(
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
    fn put(&self, tx: &mut Tx<'_>, rows: &[Row]) -> Result<(), DbError> {
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
    fn last_number(&self, tx: &mut Tx<'_>) -> Result<i64, DbError> {
        if tx.is_sqlite() {
            let sql = "SELECT seq FROM sqlite_sequence WHERE name = $1";
            let found = tx.query_opt(sql, params![&self.name])?;
            return found.map_or(Ok(0), |row| row.get("seq"));
        }
        let sql = "SELECT pg_get_serial_sequence($1, $2)";
        let sequence: String = tx.value(sql, params![&self.name, self.key_column()])?;
        let sql = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}");
        tx.value(&sql, params![])
    }

    /// The next number that the database gives out is the one behind `last`.
    fn number_on(&self, tx: &mut Tx<'_>, last: i64) -> Result<(), DbError> {
        if tx.is_sqlite() {
            let delete = "DELETE FROM sqlite_sequence WHERE name = $1";
            tx.execute(delete, params![&self.name])?;
            let insert = "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)";
            return tx.execute(insert, params![&self.name, last]).map(drop);
        }
        let sql = "SELECT setval(CAST(pg_get_serial_sequence($1, $2) AS regclass),
                                 GREATEST(CAST($3 AS BIGINT), 1), CAST($3 AS BIGINT) > 0)";
        tx.query(sql, params![&self.name, self.key_column(), last])
            .map(drop)
    }
}

/// `$from, …`, as many as that.
fn places(from: usize, count: usize) -> String {
    let places = (from..from + count).map(|n| format!("${n}"));
    places.collect::<Vec<_>>().join(", ")
}

/// What the steps make, as an empty database says: those that others refer to first.
async fn tables(schemas: &'static [Schema]) -> Result<Vec<Table>, DbError> {
    let db = Db::open(&DbUrl::SqliteMemory).await?;
    db.migrate(schemas, Timestamp::MIN).await?;
    let all = db.read("tables", |tx| {
        let sql = "SELECT name, sql FROM sqlite_schema
                   WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
        let found = tx.query(sql, params![])?;
        let tables = found.iter().map(|row| {
            let (name, sql): (String, String) = (row.get("name")?, row.get("sql")?);
            table(tx, name, &sql)
        });
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
    let columns = tx.query(
        "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid",
        params![&name],
    )?;
    let mut key = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let place: i64 = column.get("pk")?;
        if place > 0 {
            key.push((place, at));
        }
    }
    key.sort_unstable();
    let types: Vec<String> = columns
        .iter()
        .map(|c| c.get("type"))
        .collect::<Result<_, _>>()?;
    let parents = tx.column(
        "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)",
        params![&name],
    )?;
    let mut parents: BTreeSet<String> = parents.into_iter().collect();
    parents.remove(&name);
    let table = Table {
        columns: columns
            .iter()
            .map(|c| c.get("name"))
            .collect::<Result<_, _>>()?,
        key: key.into_iter().map(|(_, at)| at).collect(),
        is_numbered: sql.contains("AUTOINCREMENT"),
        range: match types.iter().any(|of| of == "BLOB") {
            true => RANGE_OF_LONG,
            false => RANGE,
        },
        name,
    };
    Ok((table, parents))
}

/// Reads everything, range by range, the former ones first. Whoever takes it may have
/// gone: then nobody wants the rest.
fn read_all(
    tx: &mut Tx<'_>,
    tables: &[Table],
    known: &[Vec<Range>],
    send: &mpsc::Sender<Option<Read>>,
) -> Result<(), DbError> {
    if send.blocking_send(None).is_err() {
        return Ok(());
    }
    for (n, table) in tables.iter().enumerate() {
        let mut after = None;
        let mut former = known
            .get(n)
            .into_iter()
            .flatten()
            .map(|range| range.to.clone());
        loop {
            let to = former.next().flatten();
            let limit = to.is_none().then_some(table.range);
            let rows = table.rows(tx, after.as_ref(), to.as_ref(), limit)?;
            let is_last = to.is_none() && rows.len() < table.range;
            let to = match is_last {
                true => None,
                false => to.or_else(|| rows.last().map(|row| table.key_of(row))),
            };
            let read = Read {
                table: n,
                after: after.take(),
                to: to.clone(),
                rows,
            };
            if send.blocking_send(Some(read)).is_err() {
                return Ok(());
            }
            if is_last {
                break;
            }
            after = to;
        }
    }
    Ok(())
}

fn digest(rows: &[Row]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut add = |kind: u8, bytes: &[u8]| {
        digest.update([kind]);
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    for value in rows.iter().flatten() {
        match value {
            Value::Null => add(0, &[]),
            Value::Int(number) => add(1, &number.to_le_bytes()),
            Value::Text(text) => add(2, text.as_bytes()),
            Value::Bytes(bytes) => add(3, bytes),
        }
    }
    digest.finalize().into()
}

/// Throws away what a move that did not end has left.
fn clear(tx: &mut Tx<'_>, tables: &[String]) -> Result<(), DbError> {
    match not_moved(tx) {
        Err(DbError::Filling) => {}
        other => return other,
    }
    for table in tables.iter().rev() {
        tx.define(&format!("DROP TABLE IF EXISTS {table};"))?;
        if !tx.is_sqlite() {
            tx.define(&format!("DROP FUNCTION IF EXISTS {table}_append_only();"))?;
        }
    }
    Ok(())
}

/// Holds for whoever works on a database.
///
/// # Errors
/// [`DbError::Moved`], [`DbError::Filling`].
pub(crate) fn not_moved(tx: &mut Tx<'_>) -> Result<(), DbError> {
    if !tx.has_table("schema_migration")? {
        return Ok(());
    }
    let sql = "SELECT name FROM schema_migration WHERE context = $1";
    let Some(row) = tx.query_opt(sql, params![MOVED])? else {
        return Ok(());
    };
    match row.get::<String>("name")? {
        word if word == FILLING => Err(DbError::Filling),
        to => Err(DbError::Moved { to: to.into() }),
    }
}

fn mark(tx: &mut Tx<'_>, word: &str, now: Timestamp) -> Result<(), DbError> {
    unmark(tx)?;
    tx.execute(
        "INSERT INTO schema_migration (context, version, name, sha256, works_from, applied_at)
         VALUES ($1, 1, $2, '', 1, $3)",
        params![MOVED, word, now],
    )
    .map(drop)
}

fn unmark(tx: &mut Tx<'_>) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM schema_migration WHERE context = $1",
        params![MOVED],
    )
    .map(drop)
}

/// The source was lost in the midst of a reading.
fn lost() -> DbError {
    let why = "the connection was lost while everything was read; begin anew";
    DbError::unavailable(std::io::Error::other(why))
}
