//! Entries that the buyer disputes. They are sold and owed like any other; the
//! statement sets their lines apart, and finds them in a table of their own that
//! changes with the account.

use crate::retention::Pseudonyms;
use db::{DbError, Tx, params};
use kernel::ControlBarcode;

/// What became of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It is noted, now or since before.
    Yes,
    /// The barcode was never handed over.
    Unknown,
}

/// Notes that the entry of this barcode is disputed; what is booked for it, now or
/// later, is set apart.
pub fn note(tx: &mut Tx<'_>, barcode: &ControlBarcode) -> Result<Noted, DbError> {
    let pseudonym = Pseudonyms::load(tx)?.of(tx, barcode)?;
    let stored = pseudonym.as_ref().unwrap_or(barcode);
    let noted = tx.execute(
        "UPDATE box_staged SET disputed = 1 WHERE barcode = $1",
        params![stored],
    )?;
    if noted == 0 {
        return Ok(Noted::Unknown);
    }
    let ticket: Vec<i64> = tx.column(
        "SELECT id FROM box_ticket WHERE barcode = $1",
        params![stored],
    )?;
    ticket.into_iter().try_for_each(|id| set_apart(tx, id))?;
    Ok(Noted::Yes)
}

/// Sets the lines of this ticket apart that are not, if its entry is disputed.
pub(crate) fn set_apart(tx: &mut Tx<'_>, ticket_id: i64) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO box_disputed_line
             (barcode, kind, business_day, order_number, contact, season, product, tariff,
              vat_basis_points, amount_minor, vat_minor)
         SELECT t.barcode, l.kind, l.business_day, o.order_number, l.contact, t.season, t.product,
                t.tariff, t.vat_basis_points, l.amount_minor, l.vat_minor
         FROM box_ticket t
         JOIN box_staged s ON s.barcode = t.barcode
         JOIN box_account_line l ON l.ticket_id = t.id
         JOIN box_order o ON o.id = t.order_id
         WHERE t.id = $1 AND s.disputed = 1
         ON CONFLICT (barcode, kind) DO NOTHING",
        params![ticket_id],
    )
}
