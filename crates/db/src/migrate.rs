use crate::{Db, DbError, Tx, params};
use kernel::Timestamp;

/// One step of a schema. Written once for both engines: `BIGINT` and `TEXT`
/// columns, `BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY` for a number that
/// the database gives out, and `APPEND ONLY table;` on a line of its own for a
/// table whose rows nobody may change or delete. Its version is its place in the list, from 1.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// What it does, in a few words.
    pub name: &'static str,
    /// The statements.
    pub sql: &'static str,
}

/// How often migrating is tried when another process migrates at the same moment.
const ATTEMPTS: u32 = 5;

impl Db {
    /// Brings the tables of `context` up to the last of `migrations`, in one
    /// transaction; `now` is noted beside each step taken.
    ///
    /// # Errors
    /// [`DbError::NewerSchema`] if the database is ahead of this program;
    /// [`DbError::Statement`] if a step fails, with nothing changed.
    pub async fn migrate(
        &self,
        context: &'static str,
        migrations: &'static [Migration],
        now: Timestamp,
    ) -> Result<(), DbError> {
        let mut attempt = 1;
        loop {
            let done = self
                .write("migrate", move |tx| migrate(tx, context, migrations, now))
                .await;
            match done {
                Err(DbError::Statement { .. }) if attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }
}

fn migrate(
    tx: &mut Tx<'_>,
    context: &'static str,
    migrations: &'static [Migration],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.define(
        "CREATE TABLE IF NOT EXISTS schema_migration (
            context TEXT NOT NULL,
            version BIGINT NOT NULL,
            name TEXT NOT NULL,
            applied_at BIGINT NOT NULL,
            PRIMARY KEY (context, version)
        )",
    )?;
    let found: i64 = tx
        .query_one(
            "SELECT COALESCE(MAX(version), 0) AS version FROM schema_migration WHERE context = $1",
            params![context],
        )?
        .get("version")?;
    let known = migrations.len() as i64;
    if found > known {
        return Err(DbError::NewerSchema {
            context,
            found,
            known,
        });
    }
    for (version, migration) in (1i64..).zip(migrations).filter(|(v, _)| *v > found) {
        tx.define(migration.sql)?;
        tx.execute(
            "INSERT INTO schema_migration (context, version, name, applied_at)
             VALUES ($1, $2, $3, $4)",
            params![context, version, migration.name, now],
        )?;
    }
    Ok(())
}

/// The statements with each line `APPEND ONLY table;` in the engine's words.
pub(crate) fn with_append_only(sql: &str, words: impl Fn(&str) -> String) -> String {
    sql.lines()
        .map(|line| {
            line.strip_prefix("APPEND ONLY ")
                .and_then(|rest| rest.strip_suffix(';'))
                .map_or_else(|| line.to_owned(), &words)
        })
        .collect::<Vec<_>>()
        .join("\n")
}
