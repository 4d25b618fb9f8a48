//! Visitors whom a device admitted and the gate could not recognise when it
//! heard of it, because site or mapping had changed meanwhile. The check stands
//! as refused and nothing is sold; it is marked, and the reconciliation shouts
//! until somebody has settled it by hand.

use crate::Decision;
use db::{Db, DbError, Tx, params};
use kernel::{CheckId, Timestamp};

/// The most characters of a note.
pub const NOTE_CHARS: usize = 500;

/// That such a check was settled by hand; kept for ever, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// When.
    pub at: Timestamp,
    /// Who did it, by name.
    pub by: String,
    /// How, in their words.
    pub note: String,
}

/// What came of settling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is settled now.
    Now,
    /// It was before, and stays as it was.
    Before,
    /// No such check is marked.
    Unknown,
    /// The note holds what the device read: it stays for ever, and card numbers go
    /// one day.
    HoldsCode,
}

pub(crate) fn mark(
    tx: &mut Tx<'_>,
    id: CheckId,
    outcome: Option<Decision>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_door_admitted (check_id, outcome, arrived_at) VALUES ($1, $2, $3)
         ON CONFLICT (check_id) DO NOTHING",
        params![id, outcome, now],
    )
}

pub(crate) fn is_marked(tx: &mut Tx<'_>, id: CheckId) -> Result<bool, DbError> {
    tx.exists(
        "SELECT check_id FROM gate_door_admitted WHERE check_id = $1",
        params![id],
    )
}

/// Marked checks that nobody has settled; at most 10,000.
pub async fn unsettled(db: &Db) -> Result<Vec<CheckId>, DbError> {
    db.read("door admitted", |tx| {
        tx.column(
            "SELECT check_id FROM gate_door_admitted
             WHERE settled_at IS NULL ORDER BY check_id LIMIT 10000",
            params![],
        )
    })
    .await
}

/// How many marked checks were settled.
pub async fn settled(db: &Db) -> Result<i64, DbError> {
    db.read("settled by hand", |tx| {
        tx.value(
            "SELECT COUNT(*) FROM gate_door_admitted WHERE settled_at IS NOT NULL",
            params![],
        )
    })
    .await
}

/// Settles a marked check by hand; the first settlement stays.
pub fn settle(tx: &mut Tx<'_>, id: CheckId, settlement: &Settlement) -> Result<Settled, DbError> {
    let check: Option<(String, Option<String>)> = tx.query_opt_as(
        "SELECT code, card FROM gate_check WHERE check_id = $1",
        params![id],
    )?;
    if let Some((code, card)) = check {
        let mut read = [code].into_iter().chain(card);
        if read.any(|read| holds(&settlement.note, &read)) {
            return Ok(Settled::HoldsCode);
        }
    }
    let now = tx.execute(
        "UPDATE gate_door_admitted SET settled_at = $2, settled_by = $3, settled_note = $4
         WHERE check_id = $1 AND settled_at IS NULL",
        params![id, settlement.at, &settlement.by, &settlement.note],
    )?;
    Ok(match now {
        0 if is_marked(tx, id)? => Settled::Before,
        0 => Settled::Unknown,
        _ => Settled::Now,
    })
}

/// Whether a note holds what was read, however it is spaced; of a chip's text, the
/// number behind who issued it. A few letters may be there by chance.
pub(crate) fn holds(note: &str, read: &str) -> bool {
    const BY_CHANCE: usize = 5;
    let dense = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let note = dense(note);
    let number = read.rsplit('-').next().unwrap_or_default();
    [read, number]
        .into_iter()
        .map(dense)
        .any(|read| read.chars().count() > BY_CHANCE && note.contains(&read))
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_note_holds_what_was_read_however_it_is_spaced() {
        for note in [
            "00029975",
            "pass 0002-9975 by hand",
            "n° 000 299 75.",
            "x00029975y",
        ] {
            assert!(holds(note, "00029975"), "{note}");
        }
        assert!(holds("Billet vn-2026 0001", "VN2026-0001"));
        assert!(holds("00029975 sold at the desk", "villeneuve-00029975"));
        assert!(!holds("someone of Villeneuve", "villeneuve-00029975"));
        for (note, read) in [
            ("sold at the desk", "00029975"),
            ("0002997", "00029975"),
            ("sold twice", "twice"),
            ("anything", ""),
            ("anything", "------"),
        ] {
            assert!(!holds(note, read), "{note}");
        }
    }
}
