//! All rows of one database into another, of the same or the other engine, while the
//! first is in use.
//!
//! A [`pass`](Transfer::pass) reads the source in one snapshot, in ranges of keys, and
//! writes what has changed since the pass before: of a range that is as it was, only
//! its digest is looked at. So a first pass takes long, and the next ones take what was
//! written meanwhile. Then the source is [closed](Transfer::close), whoever still works
//! on it, and the last pass looks at every row of both.

mod fence;
mod table;

use crate::mark::{self, Mark};
use crate::migrate::{STEPS, take_steps};
use crate::{Db, DbError, Schema, Tx, Value, params};
use kernel::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use table::{Row, Table, tables};
use tokio::sync::mpsc;

/// How many ranges are on their way.
const ON_THE_WAY: usize = 4;
/// What is of the database it is in, and of the processes on it.
const NOT_MOVED: [&str; 4] = [
    "schema_migration",
    "lease",
    "gate_node",
    "gate_enrolment_throttle",
];
/// What nobody writes to once the source is closed, though it stays behind: a forgotten
/// node has no turn at anything.
const STAYS: &str = "lease";
/// What begins or ends a move, at either end, comes one after the other.
const WORD: &str = "move";

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
    with_nul: u64,
}

/// What a pass came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// How many rows there are.
    pub rows: u64,
    /// How many were written or taken away.
    pub changed: u64,
    /// How many have a NUL in a text, of which PostgreSQL knows none; it gets U+2400.
    pub with_nul: u64,
}

/// What differs, of one table.
#[derive(Debug, Default)]
struct Changes {
    /// By their keys.
    gone: Vec<Row>,
    written: Vec<Row>,
}

/// What a pass looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What has changed in the source.
    AtChanges,
    /// Every row of both.
    AtAll,
}

/// A move of all rows from one database to another.
#[derive(Debug)]
pub struct Transfer {
    from: Db,
    to: Db,
    schemas: &'static [Schema],
    /// Those that others refer to come first.
    tables: Arc<[Table]>,
    known: Arc<Vec<Vec<Range>>>,
    /// Which move it is.
    by: String,
    /// Which run of it: another takes its place when it is begun anew.
    run: String,
}

impl Transfer {
    /// Prepares `to`: makes its tables, and marks it as not complete, so that no service
    /// starts on it. What an earlier move left there that did not end is thrown away.
    /// `run` is a word of its own.
    ///
    /// # Errors
    /// [`DbError::NotEmpty`]; [`DbError::Moved`] if either was left, unless it was by a
    /// move from the one to the other that did not end; [`DbError::OlderSchema`] or
    /// [`DbError::NewerSchema`] if the source has not the very tables of this program.
    pub async fn begin(
        from: Db,
        to: Db,
        schemas: &'static [Schema],
        run: String,
        now: Timestamp,
    ) -> Result<Self, DbError> {
        let theirs = to.read("mark", mark::read).await?;
        let left = from.read("schema", move |tx| {
            if !tx.has_table("schema_migration")? {
                return Err(DbError::NoSchema);
            }
            // A later program's tables hold what this one knows nothing of.
            schemas
                .iter()
                .try_for_each(|schema| schema.is_exactly(tx))?;
            mark::read(tx)
        });
        let by = match (left.await?, theirs) {
            (_, Some(Mark::Moved { to, .. })) => return Err(DbError::Moved { to }),
            // That one ended in its last seconds, and is taken up.
            (Some(Mark::Moved { by: left, .. }), Some(Mark::Filling { by, .. })) if left == by => {
                by
            }
            (Some(Mark::Moved { to, .. }), _) => return Err(DbError::Moved { to }),
            (Some(Mark::Filling { .. }), _) => return Err(DbError::Filling),
            (None, _) => run.clone(),
        };
        let mut all = tables(schemas).await?;
        all.retain(|table| !NOT_MOVED.contains(&&*table.name));
        let transfer = Self {
            from,
            to,
            schemas,
            tables: all.into(),
            known: Arc::default(),
            by,
            run,
        };
        transfer.make_empty(false, now).await?;
        Ok(transfer)
    }

    /// Makes the target's tables, after what a move left there that did not end is gone.
    /// All at once: whoever is cut off here leaves the mark as it was. `again`: this run has
    /// begun, and another may have taken its place.
    async fn make_empty(&self, again: bool, now: Timestamp) -> Result<(), DbError> {
        let (tables, schemas) = (Arc::clone(&self.tables), self.schemas);
        let (by, run) = (self.by.clone(), self.run.clone());
        let make = self.to.write("make empty", move |tx| {
            tx.one_at_a_time(WORD)?;
            if again {
                mark::still_ours(tx, &run)?;
            }
            if let Some(Mark::Filling { .. }) = mark::read(tx)? {
                clear(tx, &tables)?;
            }
            take_steps(tx, schemas, now)?;
            if let Some(table) = with_rows(tx, &tables)? {
                return Err(DbError::NotEmpty { table });
            }
            let (by, run) = (by.clone(), run.clone());
            mark::set(tx, &Mark::Filling { by, run }, now)
        });
        make.await
    }

    /// Brings the target to where the source is at one moment. `tell` hears how many rows
    /// have been read.
    ///
    /// # Errors
    /// [`DbError`]; the move is begun anew then.
    pub async fn pass(&mut self, now: Timestamp, tell: impl FnMut(u64)) -> Result<Passed, DbError> {
        self.look_or_anew(Look::AtChanges, now, tell).await
    }

    /// Leaves the source, which `writer` writes to: nobody changes it from here on,
    /// whoever still works on it, and nobody starts on it; `place` says where it went.
    ///
    /// # Errors
    /// [`DbError`]; [`DbError::NewerSchema`] if a later program has changed the tables since.
    pub async fn close(&self, writer: &Db, place: String, now: Timestamp) -> Result<(), DbError> {
        let (tables, schemas) = (Arc::clone(&self.tables), self.schemas);
        let (by, run) = (self.by.clone(), self.run.clone());
        let close = move |tx: &mut Tx<'_>| {
            tx.with_short_waits()?;
            tx.one_at_a_time(STEPS)?;
            tx.one_at_a_time(WORD)?;
            schemas
                .iter()
                .try_for_each(|schema| schema.is_exactly(tx))?;
            match mark::read(tx)? {
                None => fence::close(tx, fenced(&tables))?,
                // An earlier run has closed it; now it is this one's.
                Some(Mark::Moved { by: former, .. }) if former == by => {}
                Some(Mark::Moved { to, .. }) => return Err(DbError::Moved { to }),
                Some(Mark::Filling { .. }) => return Err(DbError::Filling),
            }
            let mark = Mark::Moved {
                to: place.as_str().into(),
                by: by.clone(),
                run: run.clone(),
            };
            mark::set(tx, &mark, now)
        };
        writer.write_between_others("close", close).await
    }

    /// The last pass, over a source that was closed: every row of both databases is
    /// looked at, and the target is as the source afterwards.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn last_pass(
        &mut self,
        now: Timestamp,
        tell: impl FnMut(u64),
    ) -> Result<Passed, DbError> {
        let passed = self.look_or_anew(Look::AtAll, now, tell).await?;
        self.count_on().await?;
        Ok(passed)
    }

    /// Where rows have changed in a way that row by row meets a constraint, such as two
    /// that changed places, everything goes once more.
    async fn look_or_anew(
        &mut self,
        look: Look,
        now: Timestamp,
        mut tell: impl FnMut(u64),
    ) -> Result<Passed, DbError> {
        match self.look(look, &mut tell).await {
            Err(DbError::Statement { .. } | DbError::Busy { .. }) if !self.known.is_empty() => {
                self.make_empty(true, now).await?;
                self.known = Arc::default();
                let all = self.look(Look::AtChanges, &mut tell).await?;
                match look {
                    Look::AtChanges => Ok(all),
                    Look::AtAll => self.look(Look::AtAll, tell).await,
                }
            }
            done => done,
        }
    }

    /// Takes the source up again, which `writer` writes to, if this run closed it, or closed
    /// it last: it was not left after all. Else it is as another run has it.
    ///
    /// # Errors
    /// [`DbError`]; [`DbError::Moved`] if it is still left.
    pub async fn stay(&self, writer: &Db) -> Result<(), DbError> {
        let (tables, run) = (Arc::clone(&self.tables), self.run.clone());
        let stay = move |tx: &mut Tx<'_>| {
            tx.with_short_waits()?;
            tx.one_at_a_time(WORD)?;
            match mark::read(tx)? {
                Some(Mark::Moved { run: of, .. }) if of == run => open(tx, &tables),
                Some(Mark::Moved { to, .. }) => Err(DbError::Moved { to }),
                _ => Ok(()),
            }
        };
        writer.write_between_others("stay", stay).await
    }

    /// Takes the source up again, which `writer` writes to, after a move into `to`, which is
    /// at `place`, that was broken off when it was closed already.
    ///
    /// # Errors
    /// [`DbError::Moved`] if that move has ended, or was to elsewhere; [`DbError::Filling`]
    /// if the source is itself being filled.
    pub async fn give_up(
        writer: &Db,
        to: &Db,
        place: &str,
        schemas: &'static [Schema],
        now: Timestamp,
    ) -> Result<(), DbError> {
        let (went, of) = match writer.read("mark", mark::read).await? {
            None => return Ok(()),
            Some(Mark::Filling { .. }) => return Err(DbError::Filling),
            Some(Mark::Moved { to, by, .. }) => (to, by),
        };
        let tables: Arc<[Table]> = tables(schemas).await?.into();
        let (there, is_there) = (Arc::clone(&tables), *went == *place);
        // Whoever still fills it ends in vain from here on.
        let end = to.write("give up", move |tx| {
            tx.one_at_a_time(WORD)?;
            match mark::read(tx)? {
                Some(Mark::Filling { by, .. }) if by == of || is_there => {
                    let run = "given-up".to_owned();
                    mark::set(tx, &Mark::Filling { by, run }, now)
                }
                None if is_there && with_rows(tx, &there)?.is_none() => Ok(()),
                _ => Err(DbError::Moved { to: went.clone() }),
            }
        });
        end.await?;
        let stay = move |tx: &mut Tx<'_>| {
            tx.with_short_waits()?;
            tx.one_at_a_time(WORD)?;
            open(tx, &tables)
        };
        writer.write_between_others("give up", stay).await
    }

    /// The target is complete.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn end(self) -> Result<(), DbError> {
        let run = self.run;
        let end = self.to.write("complete", move |tx| {
            tx.one_at_a_time(WORD)?;
            mark::still_ours(tx, &run)?;
            mark::take_away(tx)
        });
        end.await
    }

    async fn look(&mut self, look: Look, mut tell: impl FnMut(u64)) -> Result<Passed, DbError> {
        let (send, reads) = mpsc::channel(ON_THE_WAY);
        let (tables, known) = (Arc::clone(&self.tables), Arc::clone(&self.known));
        let keeps_nul = self
            .to
            .read("engine", |tx| Ok::<_, DbError>(tx.is_sqlite()));
        let keeps_nul = keeps_nul.await?;
        let reading = self.from.read("read all", move |tx| {
            read_all(tx, (&tables, &known), keeps_nul, &send)
        });
        let is_first = self.known.is_empty();
        let mut fresh = vec![Vec::new(); self.tables.len()];
        let mut changes: BTreeMap<usize, Changes> = BTreeMap::new();
        let mut passed = Passed::default();
        let mut is_begun = false;
        let writing = async {
            // It ends with this: whoever reads must not wait for one who has failed.
            let mut reads = reads;
            while let Some(read) = reads.recv().await {
                let Some(read) = read else {
                    // It was lost, and begins anew: half of it is of another moment.
                    if std::mem::replace(&mut is_begun, true) {
                        return Err(lost());
                    }
                    continue;
                };
                let n = read.table;
                let count = read.rows.len() as u64;
                passed.rows += count;
                passed.with_nul += read.with_nul;
                tell(passed.rows);
                let range = Range {
                    to: read.to.clone(),
                    digest: digest(&read.rows),
                };
                let before = self
                    .known
                    .get(n)
                    .and_then(|ranges| ranges.get(fresh[n].len()));
                let is_as_before = look == Look::AtChanges && before == Some(&range);
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
        self.known = Arc::new(fresh);
        Ok(passed)
    }

    async fn insert(&self, n: usize, rows: Vec<Row>) -> Result<(), DbError> {
        let (tables, run) = (Arc::clone(&self.tables), self.run.clone());
        let write = self.to.write("insert", move |tx| {
            mark::still_ours(tx, &run)?;
            tables[n].put(tx, &rows)
        });
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
        let (tables, run) = (Arc::clone(&self.tables), self.run.clone());
        let write = self.to.write("apply", move |tx| {
            mark::still_ours(tx, &run)?;
            for (n, of) in changes.iter().rev() {
                let table = &tables[*n];
                let sql = format!("DELETE FROM {} WHERE {}", table.name, table.key_is());
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
        let run = self.run.clone();
        let write = self.to.write("numbers", move |tx| {
            mark::still_ours(tx, &run)?;
            counts
                .iter()
                .try_for_each(|(n, last)| tables[*n].number_on(tx, *last))
        });
        write.await
    }
}

/// Reads everything, range by range, the former ones first. Whoever takes it may have
/// gone: then nobody wants the rest.
fn read_all(
    tx: &mut Tx<'_>,
    (tables, known): (&[Table], &[Vec<Range>]),
    keeps_nul: bool,
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
            let mut rows = table.rows(tx, after.as_ref(), to.as_ref(), limit)?;
            let is_last = to.is_none() && rows.len() < table.range;
            let to = match is_last {
                true => None,
                false => to.or_else(|| rows.last().map(|row| table.key_of(row))),
            };
            // Behind the keys, by which the source is read on.
            let with_nul = match keeps_nul {
                true => 0,
                false => rows.iter_mut().map(|row| u64::from(without_nul(row))).sum(),
            };
            let read = Read {
                with_nul,
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

/// Whether the row had a NUL; it has none afterwards.
fn without_nul(row: &mut Row) -> bool {
    let mut had = false;
    for value in row {
        if let Value::Text(text) = value
            && text.contains('\0')
        {
            *text = text.replace('\0', "\u{2400}");
            had = true;
        }
    }
    had
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

/// The source is as if it had never been closed.
fn open(tx: &mut Tx<'_>, tables: &[Table]) -> Result<(), DbError> {
    fence::open_again(tx, fenced(tables))?;
    mark::take_away(tx)
}

/// The tables that are closed.
fn fenced(tables: &[Table]) -> impl Iterator<Item = &str> {
    let moved = tables.iter().map(|table| &*table.name);
    moved
        .filter(|name| !NOT_MOVED.contains(name))
        .chain([STAYS])
}

/// One of the tables that has rows.
fn with_rows(tx: &mut Tx<'_>, tables: &[Table]) -> Result<Option<String>, DbError> {
    let is_moved = |table: &&Table| !NOT_MOVED.contains(&&*table.name);
    for Table { name, .. } in tables.iter().filter(is_moved) {
        let sql = format!("SELECT 1 AS n FROM {name} LIMIT 1");
        if tx.has_table(name)? && tx.exists(&sql, params![])? {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

/// Throws away what a move that did not end has left.
fn clear(tx: &mut Tx<'_>, tables: &[Table]) -> Result<(), DbError> {
    let ours = tables.iter().rev().map(|table| &*table.name);
    for table in ours.chain(NOT_MOVED) {
        tx.define(&format!("DROP TABLE IF EXISTS {table};"))?;
        if !tx.is_sqlite() {
            tx.define(&format!("DROP FUNCTION IF EXISTS {table}_append_only();"))?;
        }
    }
    Ok(())
}

/// The source was lost in the midst of a reading.
fn lost() -> DbError {
    let why = "the connection was lost while everything was read; begin anew";
    DbError::unavailable(std::io::Error::other(why))
}
