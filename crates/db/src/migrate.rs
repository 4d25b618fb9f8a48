use crate::mark::not_moved;
use crate::{Db, DbError, Tx, lease, params};
use kernel::{Timestamp, causes, hex};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::time::Duration;

/// One step of a schema. Written once for both engines: `BIGINT` and `TEXT`
/// columns, `BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY` for a number that
/// the database gives out, and `APPEND ONLY table;` on a line of its own for a
/// table whose rows nobody may change or delete; each statement ends with its line. Its
/// version is its place in the list, from 1.
///
/// Where several nodes share a database, one of them takes a step while the others,
/// older ones, are at work. So a step only adds what they do without, and
/// [`works_from`](Self::works_from) is the version before it. What is no longer used
/// goes with a later version, when nobody runs the former one: that step bears its own.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// What it does, in a few words.
    pub name: &'static str,
    /// The oldest version whose programs go on rightly once this step is taken.
    pub works_from: i64,
    /// The statements.
    pub sql: &'static str,
}

/// The tables of one context, with the steps that lead to them.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Whose tables.
    pub context: &'static str,
    /// All steps; one that was released is never edited.
    pub migrations: &'static [Migration],
}

/// How often it is tried while others hold a table that a step changes. Whoever comes
/// to such a table meanwhile waits behind the step, so each try is short
/// ([`Tx::with_short_waits`]), and a pause follows.
const ATTEMPTS: u32 = 60;
/// Between two of them.
const PAUSE: Duration = Duration::from_secs(1);
/// Whoever takes steps, or must have none taken meanwhile, comes one after the other.
pub(crate) const STEPS: &str = "migrate";
/// Which steps were taken.
const TABLE: &str = "schema_migration";

impl Db {
    /// Brings the tables up to the last of their migrations, in one transaction;
    /// `now` is noted beside each step taken.
    ///
    /// # Errors
    /// [`DbError::Moved`] or [`DbError::Filling`] if it is not to be worked on;
    /// [`DbError::NewerSchema`] if the database is ahead of this program;
    /// [`DbError::EditedMigration`] if a step has another text than when it was
    /// taken; [`DbError::Statement`] if a step fails, or others hold a table for a
    /// minute. Nothing is changed then.
    pub async fn migrate(&self, schemas: &'static [Schema], now: Timestamp) -> Result<(), DbError> {
        let take = move |tx: &mut Tx<'_>| take_steps(tx, schemas, now);
        self.write_between_others("migrate", take).await
    }

    /// As [`write`](Self::write), for what waits for others with
    /// [short waits](Tx::with_short_waits) only: tried again for a minute or so.
    pub(crate) async fn write_between_others(
        &self,
        name: &'static str,
        work: impl Fn(&mut Tx<'_>) -> Result<(), DbError> + Clone + Send + 'static,
    ) -> Result<(), DbError> {
        between_others(name, ATTEMPTS, || self.write(name, work.clone())).await
    }

    /// Holds the tables against their migrations, and changes nothing.
    ///
    /// # Errors
    /// [`DbError::Moved`] or [`DbError::Filling`] if it is not to be worked on;
    /// [`DbError::NoSchema`], [`DbError::OlderSchema`], [`DbError::NewerSchema`]
    /// or [`DbError::EditedMigration`] if they are not what this program knows.
    pub async fn check(&self, schemas: &'static [Schema]) -> Result<(), DbError> {
        self.read("check schema", move |tx| {
            if !tx.has_table(TABLE)? {
                return Err(DbError::NoSchema);
            }
            not_moved(tx)?;
            schemas
                .iter()
                .try_for_each(|schema| schema.taken_all(tx).map(drop))
        })
        .await
    }
}

/// Does what other transactions of PostgreSQL are in the way of, so often at most, with a
/// pause between.
///
/// # Errors
/// The last one; at once, one for another reason.
pub async fn between_others<T, E: Error + 'static, F: Future<Output = Result<T, E>>>(
    name: &str,
    attempts: u32,
    work: impl Fn() -> F,
) -> Result<T, E> {
    let mut attempt = 1;
    loop {
        match work().await {
            Err(error) if attempt < attempts && DbError::is_held_up_behind(&error) => {
                let error = causes(&error);
                tracing::warn!(name, error, "waits for transactions of others");
                tokio::time::sleep(PAUSE).await;
                attempt += 1;
            }
            done => return done,
        }
    }
}

pub(crate) fn take_steps(
    tx: &mut Tx<'_>,
    schemas: &[Schema],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.one_at_a_time(STEPS)?;
    not_moved(tx)?;
    tx.with_short_waits()?;
    tx.define(
        "CREATE TABLE IF NOT EXISTS schema_migration (
            context TEXT NOT NULL,
            version BIGINT NOT NULL,
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            works_from BIGINT NOT NULL,
            applied_at BIGINT NOT NULL,
            PRIMARY KEY (context, version)
        )",
    )?;
    tx.define(lease::TABLE)?;
    schemas.iter().try_for_each(|schema| schema.take(tx, now))
}

impl Schema {
    /// The version of the last step.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.migrations.len() as i64
    }

    /// How many of the steps were taken, all as they stand here. A later program may
    /// have taken more, with which this one works on.
    fn taken(&self, tx: &mut Tx<'_>) -> Result<i64, DbError> {
        let rows: Vec<(i64, String, i64)> = tx.query_as(
            "SELECT version, sha256, works_from FROM schema_migration
             WHERE context = $1 ORDER BY version",
            params![self.context],
        )?;
        let (found, known) = (rows.len() as i64, self.version());
        let mut later = rows.iter().skip(self.migrations.len());
        if later.any(|(_, _, works_from)| *works_from > known) {
            return Err(self.newer(found));
        }
        for ((version, sha256, _), migration) in rows.iter().zip(self.migrations) {
            if *sha256 != migration.sha256() {
                return Err(DbError::EditedMigration {
                    context: self.context,
                    version: *version,
                });
            }
        }
        Ok(found)
    }

    /// As [`Self::taken`], and all of this program's.
    fn taken_all(&self, tx: &mut Tx<'_>) -> Result<i64, DbError> {
        let (found, known) = (self.taken(tx)?, self.version());
        if found < known {
            return Err(DbError::OlderSchema {
                context: self.context,
                found,
                known,
            });
        }
        Ok(found)
    }

    /// Whether the tables are those of this program, neither older nor newer.
    pub(crate) fn is_exactly(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let found = self.taken_all(tx)?;
        if found > self.version() {
            return Err(self.newer(found));
        }
        Ok(())
    }

    const fn newer(&self, found: i64) -> DbError {
        DbError::NewerSchema {
            context: self.context,
            found,
            known: self.version(),
        }
    }

    fn take(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), DbError> {
        let found = self.taken(tx)?;
        for (version, migration) in (1i64..).zip(self.migrations).filter(|(v, _)| *v > found) {
            tx.define(migration.sql)?;
            tx.execute(
                "INSERT INTO schema_migration
                     (context, version, name, sha256, works_from, applied_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                params![
                    self.context,
                    version,
                    migration.name,
                    migration.sha256(),
                    migration.works_from,
                    now
                ],
            )?;
        }
        Ok(())
    }
}

impl Migration {
    /// Of its text, in hex.
    fn sha256(&self) -> String {
        hex(Sha256::digest(self.sql))
    }
}
