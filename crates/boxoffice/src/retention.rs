//! The end of card numbers: control barcodes hold one, so each gets a pseudonym
//! once it is sold or cancelled. Tickets, orders, account lines and their money
//! stay, and a barcode that comes again is still known.

use crate::stx_content;
use crate::stx_file::StxFileId;
use db::{Db, DbError, Tx, params};
use kernel::{ControlBarcode, PseudonymKey, Timestamp};
use std::collections::BTreeSet;

/// Whether a run changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It removes.
    Remove,
    /// It counts what it would remove.
    Dry,
}

/// Where a walk through the barcodes stands: behind this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind this number among the staged ones.
    Staged(i64),
    /// Behind this number among the tickets.
    Ticket(i64),
}

impl Place {
    /// Before the first.
    pub const START: Self = Self::Staged(0);
}

/// A stretch of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Barcodes that may go.
    pub due: Vec<ControlBarcode>,
    /// Where the walk goes on; `None` at its end.
    pub next: Option<Place>,
}

/// How many rows lost their card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Staged barcodes.
    pub staged: u64,
    /// Tickets.
    pub tickets: u64,
}

/// The key of this database's pseudonyms, if there is one.
pub fn key(tx: &mut Tx<'_>) -> Result<Option<PseudonymKey>, DbError> {
    tx.value_opt("SELECT key FROM box_retention WHERE id = 1", params![])
}

/// Keeps the key, if there is none yet.
pub fn save_key(tx: &mut Tx<'_>, key: &PseudonymKey) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO box_retention (id, key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING",
        params![key],
    )
}

/// Looks at the next barcodes behind `after`, at most `limit`, for those that
/// were scanned and came before `before` and are sold or cancelled. First the
/// staged ones, then the tickets, each from the oldest on.
pub fn due(
    tx: &mut Tx<'_>,
    after: Place,
    before: Timestamp,
    limit: u32,
) -> Result<Stretch, DbError> {
    let (sql, behind) = match after {
        Place::Staged(id) => (
            "SELECT id, barcode, controlled_at, received_at AS came_at,
                    CAST(CASE WHEN state IN ('sold', 'cancelled') THEN 1 ELSE 0 END AS BIGINT)
                        AS finished
             FROM box_staged WHERE card_removed_at IS NULL AND id > $1 ORDER BY id LIMIT $2",
            id,
        ),
        // What is staged went with the staged ones.
        Place::Ticket(id) => (
            "SELECT t.id, t.barcode, t.controlled_at, o.created_at AS came_at,
                    CAST(CASE WHEN s.id IS NULL THEN 1 ELSE 0 END AS BIGINT) AS finished
             FROM box_ticket t JOIN box_order o ON o.id = t.order_id
             LEFT JOIN box_staged s ON s.barcode = t.barcode
             WHERE t.card_removed_at IS NULL AND t.id > $1 ORDER BY t.id LIMIT $2",
            id,
        ),
    };
    let rows = tx.query(sql, params![behind, limit])?;
    let mut due = Vec::new();
    let mut last = None;
    for row in &rows {
        // Numbers are given out in the order in which they came.
        if row.get::<Timestamp>("came_at")? >= before {
            last = None;
            break;
        }
        last = Some(row.get::<i64>("id")?);
        if row.get("finished")? && row.get::<Timestamp>("controlled_at")? < before {
            due.push(row.get("barcode")?);
        }
    }
    let next = match (after, last) {
        (Place::Staged(_), Some(id)) => Some(Place::Staged(id)),
        (Place::Staged(_), None) => Some(Place::Ticket(0)),
        (Place::Ticket(_), last) => last.map(Place::Ticket),
    };
    Ok(Stretch { due, next })
}

/// Which of `barcodes` wait for their sale, and so are not to go.
pub fn unfinished(
    tx: &mut Tx<'_>,
    barcodes: &[ControlBarcode],
) -> Result<BTreeSet<ControlBarcode>, DbError> {
    let mut unfinished = BTreeSet::new();
    for barcode in barcodes {
        let sql =
            "SELECT id FROM box_staged WHERE barcode = $1 AND state NOT IN ('sold', 'cancelled')";
        if tx.exists(sql, params![barcode])? {
            unfinished.insert(barcode.clone());
        }
    }
    Ok(unfinished)
}

/// How many rows [`remove`] would change.
pub fn count(tx: &mut Tx<'_>, barcodes: &[ControlBarcode]) -> Result<Removed, DbError> {
    let mut count = Removed::default();
    for barcode in barcodes {
        let (staged, tickets): (u32, u32) = tx.query_one_as(
            "SELECT (SELECT COUNT(*) FROM box_staged
                     WHERE barcode = $1 AND card_removed_at IS NULL) AS staged,
                    (SELECT COUNT(*) FROM box_ticket
                     WHERE barcode = $1 AND card_removed_at IS NULL) AS tickets",
            params![barcode],
        )?;
        count.staged += u64::from(staged);
        count.tickets += u64::from(tickets);
    }
    Ok(count)
}

/// Removes the card numbers in these barcodes, as far as they are here.
pub fn remove(
    tx: &mut Tx<'_>,
    key: &PseudonymKey,
    barcodes: &[ControlBarcode],
    now: Timestamp,
) -> Result<Removed, DbError> {
    let mut removed = Removed::default();
    for barcode in barcodes {
        let pseudonym = key.barcode(barcode);
        removed.staged += tx.execute(
            "UPDATE box_staged SET barcode = $2, card_removed_at = $3
             WHERE barcode = $1 AND card_removed_at IS NULL",
            params![barcode, &pseudonym, now],
        )?;
        removed.tickets += tx.execute(
            "UPDATE box_ticket SET barcode = $2, card_removed_at = $3
             WHERE barcode = $1 AND card_removed_at IS NULL",
            params![barcode, &pseudonym, now],
        )?;
        tx.execute(
            "UPDATE box_disputed_line SET barcode = $2 WHERE barcode = $1",
            params![barcode, &pseudonym],
        )?;
    }
    Ok(removed)
}

/// Removes what stands in the STX_Files that were recorded before `before` and whose
/// import has ended; with a dry `run`, only counts them. What they came to, and what
/// was wrong with rejected rows, stays.
///
/// # Errors
/// [`DbError`]; what was done stays done.
pub async fn files(db: &Db, before: Timestamp, now: Timestamp, run: Run) -> Result<u64, DbError> {
    let mut count = 0;
    let due = move |tx: &mut Tx<'_>| {
        tx.column::<StxFileId>(
            "SELECT f.id FROM box_stx_file f JOIN box_stx_content c ON c.stx_file_id = f.id
             WHERE f.state <> 'WRITTEN' AND COALESCE(f.imported_at, f.created_at) < $1
             ORDER BY f.id",
            params![before],
        )
    };
    for file in db.read("files with card numbers", due).await? {
        count += match run {
            Run::Dry => 1,
            Run::Remove => {
                db.write("file without card numbers", move |tx| {
                    tx.execute(
                        "UPDATE box_stx_file SET card_removed_at = $2 WHERE id = $1",
                        params![file, now],
                    )?;
                    stx_content::remove(tx, file)
                })
                .await?
            }
        };
    }
    if run == Run::Remove {
        stx_content::remove_left(db, now).await?;
    }
    Ok(count)
}

/// Finds barcodes that lost their card number.
pub(crate) struct Pseudonyms(Option<PseudonymKey>);

impl Pseudonyms {
    /// Those of this database; for one transaction.
    pub(crate) fn load(tx: &mut Tx<'_>) -> Result<Self, DbError> {
        key(tx).map(Self)
    }

    /// The pseudonym under which `barcode` is kept, if it is.
    pub(crate) fn of(
        &self,
        tx: &mut Tx<'_>,
        barcode: &ControlBarcode,
    ) -> Result<Option<ControlBarcode>, DbError> {
        let Some(key) = &self.0 else { return Ok(None) };
        let pseudonym = key.barcode(barcode);
        Ok(is_stored(tx, &pseudonym)?.then_some(pseudonym))
    }
}

/// What came under a pseudonym holds no card number to be removed.
pub(crate) fn note_without_card(
    tx: &mut Tx<'_>,
    pseudonym: &ControlBarcode,
    now: Timestamp,
) -> Result<(), DbError> {
    for sql in [
        "UPDATE box_staged SET card_removed_at = $2 WHERE barcode = $1 AND card_removed_at IS NULL",
        "UPDATE box_ticket SET card_removed_at = $2 WHERE barcode = $1 AND card_removed_at IS NULL",
    ] {
        tx.execute(sql, params![pseudonym, now])?;
    }
    Ok(())
}

fn is_stored(tx: &mut Tx<'_>, barcode: &ControlBarcode) -> Result<bool, DbError> {
    tx.exists(
        "SELECT id FROM box_staged WHERE barcode = $1
         UNION ALL SELECT id FROM box_ticket WHERE barcode = $1",
        params![barcode],
    )
}
