//! What only one of the processes on a database is to do at a time.

use crate::{Db, DbError, Tx, params};
use kernel::Timestamp;

/// How long a process that does not renew its right keeps the others from it, in
/// milliseconds. Longer than the clocks of two processes are apart.
const LEASE_MS: i64 = 10_000;

pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
)";

/// The right of one process to do what is named, until another takes it. It saves
/// work and calls; a process that froze may still think that it has it, so what must
/// not happen twice has a guard of its own.
#[derive(Debug, Clone)]
pub struct Lease {
    db: Db,
    name: &'static str,
    holder: String,
}

/// Whose right it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Ours, and nobody else had it since we did.
    Still,
    /// Ours from now on; another process had it before.
    Anew,
    /// Another process has it.
    Elsewhere,
}

impl Lease {
    /// The right named `name`, for whoever is known by `holder`, which no other process
    /// is.
    #[must_use]
    pub const fn new(db: Db, name: &'static str, holder: String) -> Self {
        Self { db, name, holder }
    }

    /// Takes the right or renews it. A process that has the database for itself has it
    /// always.
    ///
    /// # Errors
    /// [`DbError`]; then nobody knows whose it is.
    pub async fn take(&self, now: Timestamp) -> Result<Held, DbError> {
        if self.db.is_alone() {
            return Ok(Held::Still);
        }
        let (name, holder) = (self.name, self.holder.clone());
        self.db
            .write("lease", move |tx| take(tx, name, &holder, now))
            .await
    }

    /// Gives the right back, if it is ours.
    ///
    /// # Errors
    /// [`DbError`]; it ends by itself.
    pub async fn release(&self) -> Result<(), DbError> {
        if self.db.is_alone() {
            return Ok(());
        }
        let (name, holder) = (self.name, self.holder.clone());
        self.db
            .write("release lease", move |tx| {
                tx.run(
                    "UPDATE lease SET until = 0 WHERE name = $1 AND holder = $2",
                    params![name, &holder],
                )
            })
            .await
    }
}

fn take(tx: &mut Tx<'_>, name: &str, holder: &str, now: Timestamp) -> Result<Held, DbError> {
    let before = "SELECT holder FROM lease WHERE name = $1";
    let before: Option<String> = tx.value_opt(before, params![name])?;
    let taken = tx.execute(
        "INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET holder = $2, until = $3
         WHERE lease.holder = $2 OR lease.until <= $4 OR lease.until > $5",
        // None ends that late, unless a clock was set back since.
        params![
            name,
            holder,
            now.plus_ms(LEASE_MS),
            now,
            now.plus_ms(2 * LEASE_MS)
        ],
    )?;
    Ok(match before {
        _ if taken == 0 => Held::Elsewhere,
        Some(before) if before != holder => Held::Anew,
        _ => Held::Still,
    })
}
