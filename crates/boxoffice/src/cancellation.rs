//! Cancellations: an entry that the gate took back. What is unsold is never
//! sold; what is sold gets a counter line, and nothing is deleted.

use crate::account_day::{self, Direction};
use crate::dispute;
use crate::pending_account::LineKind;
use crate::staged::{self, StateWord, conflict};
use crate::ticket::{self, Ticket};
use db::{DbError, Tx, params};
use kernel::{BusinessDay, Timestamp};
use secutix::wire::{ControlledTicket, TicketResult};

/// What became of a cancellation.
pub(crate) enum Cancelled {
    /// It was booked.
    Now(TicketResult),
    /// It was booked before, or is refused: nothing changed.
    Unchanged(TicketResult),
}

/// Books that the entry of a staged barcode was taken back on `day`, once. Its
/// barcode must be here already: without it, nobody would know later that it
/// must not be sold.
pub(crate) fn cancel(
    tx: &mut Tx<'_>,
    item: &ControlledTicket,
    day: BusinessDay,
    now: Timestamp,
) -> Result<Cancelled, DbError> {
    let barcode = &item.barcode;
    let Some(known) = staged::find(tx, barcode)? else {
        return Ok(Cancelled::Unchanged(TicketResult::refused(
            Some(barcode.clone()),
            "unknown: this barcode was never handed over, so its entry cannot be cancelled. Send \
             the control itself first, then its cancellation."
                .to_owned(),
        )));
    };
    let differences: Vec<_> = [
        ("seasonCode", known.season != item.season_code),
        ("productCode", known.product != item.product_code),
        ("acIdentifier", known.sector != item.ac_identifier),
        (
            "controlDate",
            known.cancelled_at.is_some_and(|at| at != item.control_date),
        ),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect();
    if !differences.is_empty() {
        return Ok(Cancelled::Unchanged(conflict(barcode, &differences)));
    }
    let taken = TicketResult::accepted(barcode.clone());
    if known.cancelled_at.is_some() {
        return Ok(Cancelled::Unchanged(taken));
    }
    let state = match ticket::find(tx, barcode)? {
        None => StateWord::Cancelled,
        Some(ticket) => {
            counter(tx, &ticket, day, now)?;
            StateWord::Sold
        }
    };
    tx.execute(
        "UPDATE box_staged SET state = $2, held_reason = NULL, cancelled_at = $3
         WHERE barcode = $1",
        params![barcode, state, item.control_date],
    )?;
    Ok(Cancelled::Now(taken))
}

/// Cancels the ticket and takes its line on the pending account back by a line
/// of its own: a day that was settled stays as it was.
fn counter(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    day: BusinessDay,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE box_ticket SET state = 'CANCELLED', cancelled_on = $2 WHERE id = $1",
        params![ticket.id, day],
    )?;
    tx.execute(
        "INSERT INTO box_account_line
             (ticket_id, kind, contact, amount_minor, vat_minor, business_day, booked_at)
         SELECT ticket_id, $4, contact, -amount_minor, -vat_minor, $2, $3
         FROM box_account_line WHERE ticket_id = $1 AND kind = $5",
        params![ticket.id, day, now, LineKind::Cancellation, LineKind::Sale],
    )?;
    account_day::count(tx, ticket.id, LineKind::Cancellation, Direction::In)?;
    dispute::set_apart(tx, ticket.id)
}
