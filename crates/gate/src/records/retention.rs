//! The end of card numbers: what held one gets a pseudonym once nothing of the
//! check is left to do. The check itself, its decision and its counts stay.

use crate::Scan;
use crate::decide::scan::ForcedNote;
use db::{DbError, Tx, params};
use kernel::{CheckId, ControlBarcode, PseudonymKey, Timestamp};
use std::collections::BTreeSet;

/// The least time for which card numbers stay, in days. A control barcode that
/// was removed is at least so old, so only a scan that arrives as late as that
/// can ask for it again.
pub const SHORTEST_DAYS: u32 = 30;
const SHORTEST_MS: i64 = SHORTEST_DAYS as i64 * 24 * 60 * 60 * 1_000;

/// A check whose card number may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The id its record has.
    pub check_id: CheckId,
    /// When the server heard of it.
    pub arrived_at: Timestamp,
    /// The control barcode, if somebody was admitted.
    pub barcode: Option<ControlBarcode>,
    code: String,
    forced_note: Option<String>,
}

db::from_row! { Due { check_id, arrived_at, barcode, code, forced_note } }

/// Where a walk through the checks stands: behind this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    arrived_at: Timestamp,
    check_id: CheckId,
}

impl Due {
    /// Where a walk goes on behind it.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place {
            arrived_at: self.arrived_at,
            check_id: self.check_id,
        }
    }
}

/// The key of this database's pseudonyms, if there is one.
pub fn key(tx: &mut Tx<'_>) -> Result<Option<PseudonymKey>, DbError> {
    tx.value_opt("SELECT key FROM gate_retention WHERE id = 1", params![])
}

/// Saves the key, if there is none yet.
pub fn save_key(tx: &mut Tx<'_>, key: &PseudonymKey) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_retention (id, key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING",
        params![key],
    )
}

/// Checks behind `after` that were scanned and arrived before `before`, still
/// have their card number, and are finished: delivered to ticketing, told to
/// Otipass, and so are their cancellations; settled, if somebody must. Oldest first, at most `limit`.
pub fn due(
    tx: &mut Tx<'_>,
    after: Option<Place>,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, DbError> {
    let (arrived_at, id) = after.map_or((Timestamp::MIN, String::new()), |place| {
        (place.arrived_at, place.check_id.to_string())
    });
    tx.query_as(
        "SELECT c.check_id, c.arrived_at, c.code, c.forced_note, b.barcode
         FROM gate_check c LEFT JOIN gate_control_barcode b ON b.check_id = c.check_id
         WHERE c.card_removed_at IS NULL
           AND c.arrived_at >= $1 AND (c.arrived_at > $1 OR c.check_id > $2)
           AND c.arrived_at < $3 AND c.scanned_at < $3
           AND (b.seq IS NULL OR b.delivered_at IS NOT NULL)
           AND NOT EXISTS (SELECT 1 FROM gate_declaration d
                           WHERE d.check_id = c.check_id AND d.declared_at IS NULL)
           AND NOT EXISTS (SELECT 1 FROM gate_cancellation x
                           WHERE x.check_id = c.check_id AND x.delivered_at IS NULL)
           AND NOT EXISTS (SELECT 1 FROM gate_give_back g
                           WHERE g.check_id = c.check_id AND g.told_at IS NULL)
           AND NOT EXISTS (SELECT 1 FROM gate_door_admitted a
                           WHERE a.check_id = c.check_id AND a.settled_at IS NULL)
         ORDER BY c.arrived_at, c.check_id LIMIT $4",
        params![arrived_at, id, before, limit],
    )
}

/// Removes the card numbers of these checks: from the code, the control barcode
/// and the note of a forced entry.
pub fn remove(
    tx: &mut Tx<'_>,
    key: &PseudonymKey,
    due: &[Due],
    now: Timestamp,
) -> Result<(), DbError> {
    for one in due {
        let id = one.check_id;
        tx.execute(
            "UPDATE gate_check
             SET code = $2, forced_note = $3, card = NULL, card_removed_at = $4
             WHERE check_id = $1 AND card_removed_at IS NULL",
            params![
                id,
                key.code(id, &one.code),
                one.forced_note.as_ref().map(|note| key.code(id, note)),
                now
            ],
        )?;
        if let Some(barcode) = &one.barcode {
            tx.execute(
                "UPDATE gate_control_barcode SET barcode = $2 WHERE check_id = $1",
                params![id, key.barcode(barcode)],
            )?;
        }
    }
    Ok(())
}

/// How much lies aside, settled, that came before `before`.
pub fn aside_due(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, DbError> {
    let count: i64 = tx.value(
        "SELECT COUNT(*) FROM gate_aside
         WHERE settled_at IS NOT NULL AND arrived_at < $1",
        params![before],
    )?;
    Ok(count.unsigned_abs())
}

/// Removes at most `limit` of these, and says how many. Nothing of them is kept: a
/// hash of so few digits would give them away.
pub fn remove_aside(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM gate_aside
         WHERE id IN (SELECT id FROM gate_aside
                      WHERE settled_at IS NOT NULL AND arrived_at < $1 ORDER BY id LIMIT $2)",
        params![before, limit],
    )
}

/// Which of `barcodes` are control barcodes of this gate: they go with their
/// checks.
pub fn ours(
    tx: &mut Tx<'_>,
    barcodes: &[ControlBarcode],
) -> Result<BTreeSet<ControlBarcode>, DbError> {
    let mut ours = BTreeSet::new();
    for barcode in barcodes {
        if is_taken(tx, barcode)? {
            ours.insert(barcode.clone());
        }
    }
    Ok(ours)
}

/// Whether the scan is the one that was stored, if that one lost its card number
/// since.
pub(crate) fn is_stored_as(tx: &mut Tx<'_>, scan: &Scan, stored: &Scan) -> Result<bool, DbError> {
    let Some(key) = key(tx)? else {
        return Ok(false);
    };
    let note = scan.forced_note.as_ref();
    let pseudonymous = Scan {
        code: key.code(scan.id, &scan.stored_code()),
        forced_note: note.map(|note| ForcedNote::pseudonym(key.code(scan.id, note.reveal()))),
        ..scan.clone()
    };
    Ok(pseudonymous.is_stored_as(stored))
}

/// Tells which barcodes of long ago are taken, though a pseudonym stands for them
/// now.
pub(crate) struct Removed(Option<PseudonymKey>);

impl Removed {
    /// What may have been removed by `now` of what was scanned at `scanned_at`.
    pub(crate) fn by(
        tx: &mut Tx<'_>,
        scanned_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, DbError> {
        if now.ms_since(scanned_at) < SHORTEST_MS {
            return Ok(Self(None));
        }
        key(tx).map(Self)
    }

    pub(crate) fn has(&self, tx: &mut Tx<'_>, barcode: &ControlBarcode) -> Result<bool, DbError> {
        match &self.0 {
            None => Ok(false),
            Some(key) => is_taken(tx, &key.barcode(barcode)),
        }
    }
}

fn is_taken(tx: &mut Tx<'_>, barcode: &ControlBarcode) -> Result<bool, DbError> {
    tx.exists(
        "SELECT seq FROM gate_control_barcode WHERE barcode = $1",
        params![barcode],
    )
}
