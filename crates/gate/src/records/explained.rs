//! What explains the differences between the gate's books and ticketing's, down
//! to the single check: lists, the latest first.

use crate::records::history::{CheckLine, LINE};
use db::{Db, DbError, params};
use kernel::ControlBarcode;
use std::collections::BTreeMap;

/// Why checks and tickets differ in number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explained {
    /// Control barcodes on their way to ticketing.
    InFlight,
    /// Control barcodes that ticketing refused.
    Refused,
    /// Entries that Otipass disputes.
    Disputed,
    /// Entries that were taken back.
    Cancelled,
    /// Of these: ticketing has yet to hear of it.
    CancellationInFlight,
    /// Of these: ticketing refused to hear of it.
    CancellationRefused,
}

impl Explained {
    /// Where these stand: the table, what of it counts, and what says why. Made
    /// of constants only, and each has an index.
    const fn place(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::InFlight => (
                "gate_control_barcode",
                "q.delivered_at IS NULL AND q.refused IS NULL",
                "CAST(NULL AS TEXT)",
            ),
            Self::Refused => ("gate_control_barcode", "q.refused IS NOT NULL", "q.refused"),
            Self::Disputed => ("gate_declaration", "q.disputed IS NOT NULL", "q.disputed"),
            Self::Cancelled => ("gate_cancellation", "1 = 1", "q.cause"),
            Self::CancellationInFlight => (
                "gate_cancellation",
                "q.delivered_at IS NULL AND q.refused IS NULL",
                "q.cause",
            ),
            Self::CancellationRefused => {
                ("gate_cancellation", "q.refused IS NOT NULL", "q.refused")
            }
        }
    }
}

/// A check in such a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedLine {
    /// Its place in the list; later ones are higher.
    pub seq: i64,
    /// The check.
    pub check: CheckLine,
    /// Ticketing's or Otipass's reason, or the cause of a cancellation, in one
    /// word or as they said it.
    pub why: Option<String>,
}

/// How many entries ticketing refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Control barcodes.
    pub barcodes: i64,
    /// Cancellations.
    pub cancellations: i64,
}

db::from_row! {
    ExplainedLine { seq, why; check }
    Refusals { barcodes, cancellations }
}

/// The checks that are so explained, before the place `before`, the latest
/// first, at most `limit`.
pub async fn list(
    db: &Db,
    explained: Explained,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<ExplainedLine>, DbError> {
    let (table, condition, why) = explained.place();
    let sql = format!(
        "SELECT {LINE}, q.seq, {why} AS why
         FROM {table} q JOIN gate_check c ON c.check_id = q.check_id
         WHERE {condition} AND q.seq < $1 ORDER BY q.seq DESC LIMIT $2"
    );
    db.read("explained checks", move |tx| {
        tx.query_as(&sql, params![before.unwrap_or(i64::MAX), limit])
    })
    .await
}

/// The checks of these control barcodes; one that the gate did not make is not
/// there.
pub async fn of_barcodes(
    db: &Db,
    barcodes: Vec<ControlBarcode>,
) -> Result<BTreeMap<ControlBarcode, CheckLine>, DbError> {
    db.read("checks of barcodes", move |tx| {
        let sql = format!(
            "SELECT {LINE} FROM gate_control_barcode b JOIN gate_check c ON c.check_id = b.check_id
             WHERE b.barcode = $1"
        );
        let mut checks = BTreeMap::new();
        for barcode in &barcodes {
            if let Some(check) = tx.query_opt_as(&sql, params![barcode])? {
                checks.insert(barcode.clone(), check);
            }
        }
        Ok(checks)
    })
    .await
}

/// How many ticketing refused; cheap, however many it took.
pub async fn refusals(db: &Db) -> Result<Refusals, DbError> {
    db.read("refusals of ticketing", |tx| {
        tx.query_one_as(
            "SELECT (SELECT COUNT(*) FROM gate_control_barcode
                     WHERE refused IS NOT NULL) AS barcodes,
                    (SELECT COUNT(*) FROM gate_cancellation
                     WHERE refused IS NOT NULL) AS cancellations",
            params![],
        )
    })
    .await
}
