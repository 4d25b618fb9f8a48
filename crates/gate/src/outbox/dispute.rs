//! Entries that Otipass disputes, on their way to the account they are sold on.
//! The access control service has no word for them: who holds the books of both
//! sides in one database carries them over.

use db::{DbError, Tx, params};
use kernel::{CheckId, ControlBarcode, Timestamp};

/// A disputed entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its place among the declarations.
    pub seq: i64,
    /// The check.
    pub check_id: CheckId,
    /// Its control barcode, which ticketing has.
    pub barcode: ControlBarcode,
}

db::from_row! { Dispute { seq, check_id, barcode } }

/// The disputed entries behind the place `after`, oldest first, that the box office
/// has yet to be told of, at most `limit`. Those whose barcode is still on its way follow it.
pub fn untold(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<Dispute>, DbError> {
    tx.query_as(
        "SELECT d.seq, d.check_id, b.barcode
         FROM gate_declaration d JOIN gate_control_barcode b ON b.check_id = d.check_id
         WHERE d.disputed IS NOT NULL AND d.dispute_told_at IS NULL
           AND b.delivered_at IS NOT NULL AND d.seq > $1
         ORDER BY d.seq LIMIT $2",
        params![after, limit],
    )
}

/// How many [`untold`] gives from the first on, without a limit.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.value(
        "SELECT COUNT(*)
         FROM gate_declaration d JOIN gate_control_barcode b ON b.check_id = d.check_id
         WHERE d.disputed IS NOT NULL AND d.dispute_told_at IS NULL
           AND b.delivered_at IS NOT NULL",
        params![],
    )
}

/// Notes that the box office was told.
pub fn told(tx: &mut Tx<'_>, check: CheckId, now: Timestamp) -> Result<(), DbError> {
    tx.run(
        "UPDATE gate_declaration SET dispute_told_at = $2 WHERE check_id = $1",
        params![check, now],
    )
}
