//! The gate's side of the reconciliation: every control barcode, in order, with
//! where it stands.

use db::{Db, DbError, FromRow, Row, params};
use kernel::{CheckId, ControlBarcode, SectorCode, Timestamp};
use std::collections::BTreeSet;

/// Where a control barcode stands on its way to ticketing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// On its way.
    InFlight,
    /// Ticketing has taken it.
    Delivered,
    /// Ticketing refused it, for this reason.
    Refused(String),
}

/// One control barcode of the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateEntry {
    /// The barcode.
    pub barcode: ControlBarcode,
    /// The accepted check it was made for.
    pub check_id: CheckId,
    /// Where it was scanned.
    pub sector: SectorCode,
    /// Where it stands.
    pub standing: Standing,
    /// Why Otipass disputes the entry, if it does.
    pub disputed: Option<String>,
    /// Whether the box office was told of that.
    pub dispute_told: bool,
    /// Where its cancellation stands, if the entry was cancelled. Ticketing hears
    /// of it after the barcode.
    pub cancelled: Option<Standing>,
}

/// The control barcodes after `after` in bytewise order, at most `limit`.
pub async fn page(
    db: &Db,
    after: Option<ControlBarcode>,
    limit: u32,
) -> Result<Vec<GateEntry>, DbError> {
    let after = after.map_or(String::new(), |barcode| barcode.reveal().to_owned());
    let sql = format!("{ENTRY} WHERE b.barcode > $1 ORDER BY b.barcode LIMIT $2");
    db.read("gate ledger", move |tx| {
        tx.query_as(&sql, params![&after, limit])
    })
    .await
}

/// `count` of the control barcodes that were delivered and still have their card
/// number: the newest, the oldest, and those evenly between.
pub async fn delivered(db: &Db, count: u32) -> Result<Vec<GateEntry>, DbError> {
    let delivered = "FROM gate_control_barcode b JOIN gate_check c ON c.check_id = b.check_id
         WHERE b.delivered_at IS NOT NULL AND b.refused IS NULL AND c.card_removed_at IS NULL";
    let ends = format!("SELECT MIN(b.seq) AS oldest, MAX(b.seq) AS newest {delivered}");
    let next = format!("SELECT MAX(b.seq) AS seq {delivered} AND b.seq <= $1");
    let one = format!("{ENTRY} WHERE b.seq = $1");
    db.read("delivered barcodes", move |tx| {
        let found: (Option<i64>, Option<i64>) = tx.query_one_as(&ends, params![])?;
        let (Some(oldest), Some(newest)) = found else {
            return Ok(Vec::new());
        };
        let (mut chosen, parts) = (BTreeSet::new(), i64::from(count.max(2)) - 1);
        for part in 0..i64::from(count) {
            let wanted = newest - (newest - oldest) * part / parts;
            chosen.extend(tx.value::<Option<i64>>(&next, params![wanted])?);
        }
        let mut entries = Vec::new();
        for seq in chosen.into_iter().rev() {
            entries.push(tx.query_one_as(&one, params![seq])?);
        }
        Ok(entries)
    })
    .await
}

/// Whether ticketing ever took a control barcode.
///
/// # Errors
/// What the database says.
pub async fn has_delivered(db: &Db) -> Result<bool, DbError> {
    let taken = "SELECT seq FROM gate_control_barcode
         WHERE delivered_at IS NOT NULL AND refused IS NULL LIMIT 1";
    db.read("has delivered", |tx| tx.exists(taken, params![]))
        .await
}

const ENTRY: &str = "SELECT b.barcode, b.check_id, b.sector, b.delivered_at, b.refused, d.disputed,
            d.dispute_told_at, x.id AS cancellation, x.delivered_at AS cancellation_delivered_at,
            x.refused AS cancellation_refused
     FROM gate_control_barcode b
     LEFT JOIN gate_declaration d ON d.check_id = b.check_id
     LEFT JOIN gate_cancellation x ON x.check_id = b.check_id";

impl FromRow for GateEntry {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let cancelled: Option<String> = row.get("cancellation")?;
        let cancellation = standing(
            row.get("cancellation_delivered_at")?,
            row.get("cancellation_refused")?,
        );
        Ok(Self {
            barcode: row.get("barcode")?,
            check_id: row.get("check_id")?,
            sector: row.get("sector")?,
            standing: standing(row.get("delivered_at")?, row.get("refused")?),
            disputed: row.get("disputed")?,
            dispute_told: row.get::<Option<Timestamp>>("dispute_told_at")?.is_some(),
            cancelled: cancelled.map(|_| cancellation),
        })
    }
}

fn standing(delivered_at: Option<i64>, refused: Option<String>) -> Standing {
    match (refused, delivered_at) {
        (Some(why), _) => Standing::Refused(why),
        (None, Some(_)) => Standing::Delivered,
        (None, None) => Standing::InFlight,
    }
}

/// Accepted checks, whether or not they have a control barcode.
pub async fn accepted_checks(db: &Db) -> Result<i64, DbError> {
    db.read("accepted checks", |tx| {
        let sql = "SELECT COUNT(*) FROM gate_check WHERE admitted = 1";
        tx.value(sql, params![])
    })
    .await
}

/// Accepted checks that have no control barcode: there must be none. At most
/// 10,000 of them.
pub async fn without_barcode(db: &Db) -> Result<Vec<CheckId>, DbError> {
    db.read("accepted without barcode", |tx| {
        tx.column(
            "SELECT c.check_id FROM gate_check c
             LEFT JOIN gate_control_barcode b ON b.check_id = c.check_id
             WHERE c.admitted = 1 AND b.seq IS NULL ORDER BY c.check_id LIMIT 10000",
            params![],
        )
    })
    .await
}
