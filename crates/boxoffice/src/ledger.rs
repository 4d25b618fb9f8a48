//! The box office's side of the reconciliation: every barcode, in order, with
//! what was made of it; and what contradicts itself.

use crate::StagedState;
use db::{Db, DbError, FromRow, Row, params};
use kernel::{BusinessDay, ControlBarcode, Money, OrderNumber, Timestamp};

/// One barcode of the box office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxOfficeEntry {
    /// The barcode.
    pub barcode: ControlBarcode,
    /// Where it stands; `None` if the gate never handed it over.
    pub staged: Option<StagedState>,
    /// Whether its entry is disputed.
    pub disputed: bool,
    /// When its entry was taken back, if the gate said so.
    pub cancelled_at: Option<Timestamp>,
    /// Its ticket.
    pub ticket: Option<TicketEntry>,
}

/// A ticket with what must go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketEntry {
    /// Its price.
    pub price: Money,
    /// The VAT in it.
    pub vat: Money,
    /// Its order.
    pub order: Option<OrderNumber>,
    /// Its line on the pending account: amount, and VAT in it.
    pub line: Option<(Money, Money)>,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// The line that takes the first one back, if there is one.
    pub counter_line: Option<(Money, Money)>,
    /// Both lines as the statement sets them apart, if it does.
    pub set_apart: [Option<(Money, Money)>; 2],
}

kernel::words! {
    /// A contradiction within the box office; there must be none.
    pub enum Contradiction: "contradiction" {
        /// Called sold, and there is no ticket.
        SoldWithoutTicket = "sold_without_ticket",
        /// There is a ticket, and it is not called sold.
        TicketButUnsold = "ticket_but_unsold",
        /// A ticket without order.
        TicketWithoutOrder = "ticket_without_order",
        /// A ticket without a line on the pending account.
        TicketWithoutLine = "ticket_without_line",
        /// The line is not over the ticket's price and VAT.
        AmountDiffers = "amount_differs",
        /// The gate cancelled the entry, and the ticket still counts.
        CancelledButValid = "cancelled_but_valid",
        /// The ticket is cancelled, and the gate never said so.
        ValidButCancelled = "valid_but_cancelled",
        /// A cancelled ticket without a line that takes its money back.
        CancelledWithoutCounterLine = "cancelled_without_counter_line",
        /// A ticket that counts, and a line that takes its money back.
        CounterLineWithoutCancellation = "counter_line_without_cancellation",
        /// The counter line does not take back just the ticket's price and VAT.
        CounterAmountDiffers = "counter_amount_differs",
        /// The lines set apart as disputed are not those of a disputed entry.
        SetApartDiffers = "set_apart_differs",
    }
}

impl BoxOfficeEntry {
    /// What contradicts itself here, if anything: the first of
    /// [`Contradiction`]'s order.
    #[must_use]
    pub fn contradiction(&self) -> Option<Contradiction> {
        let Some(ticket) = &self.ticket else {
            return (self.staged == Some(StagedState::Sold))
                .then_some(Contradiction::SoldWithoutTicket);
        };
        if self.staged.is_some_and(|state| state != StagedState::Sold) {
            return Some(Contradiction::TicketButUnsold);
        }
        if ticket.order.is_none() {
            return Some(Contradiction::TicketWithoutOrder);
        }
        match ticket.line {
            None => return Some(Contradiction::TicketWithoutLine),
            Some(line) if line != (ticket.price, ticket.vat) => {
                return Some(Contradiction::AmountDiffers);
            }
            Some(_) => {}
        }
        match (self.cancelled_at, ticket.cancelled) {
            (Some(_), false) => return Some(Contradiction::CancelledButValid),
            (None, true) => return Some(Contradiction::ValidButCancelled),
            _ => {}
        }
        match ticket.counter_line {
            None if ticket.cancelled => return Some(Contradiction::CancelledWithoutCounterLine),
            Some(_) if !ticket.cancelled => {
                return Some(Contradiction::CounterLineWithoutCancellation);
            }
            Some(line) if line != (-ticket.price, -ticket.vat) => {
                return Some(Contradiction::CounterAmountDiffers);
            }
            _ => {}
        }
        let lines = if self.disputed {
            [ticket.line, ticket.counter_line]
        } else {
            [None, None]
        };
        (ticket.set_apart != lines).then_some(Contradiction::SetApartDiffers)
    }
}

/// The barcodes after `after` in bytewise order, staged or sold or both, at most
/// `limit`.
pub async fn page(
    db: &Db,
    after: Option<ControlBarcode>,
    limit: u32,
) -> Result<Vec<BoxOfficeEntry>, DbError> {
    let after = after.map_or(String::new(), |barcode| barcode.reveal().to_owned());
    db.read("box office ledger", move |tx| {
        tx.query_as(
            "SELECT b.barcode, s.state, s.held_reason, s.cancelled_at, s.disputed, t.id AS ticket_id,
                    t.price_minor, t.vat_minor, t.cancelled_on, o.order_number, l.amount_minor,
                    l.vat_minor AS line_vat_minor, c.amount_minor AS counter_minor,
                    c.vat_minor AS counter_vat_minor, d.amount_minor AS apart_minor,
                    d.vat_minor AS apart_vat_minor, e.amount_minor AS counter_apart_minor,
                    e.vat_minor AS counter_apart_vat_minor
             FROM (SELECT barcode FROM
                       (SELECT barcode FROM box_staged WHERE barcode > $1
                        ORDER BY barcode LIMIT $2) AS staged
                   UNION
                   SELECT barcode FROM
                       (SELECT barcode FROM box_ticket WHERE barcode > $1
                        ORDER BY barcode LIMIT $2) AS sold
                   ORDER BY barcode LIMIT $2) AS b
             LEFT JOIN box_staged s ON s.barcode = b.barcode
             LEFT JOIN box_ticket t ON t.barcode = b.barcode
             LEFT JOIN box_order o ON o.id = t.order_id
             LEFT JOIN box_account_line l ON l.ticket_id = t.id AND l.kind = 'SALE'
             LEFT JOIN box_account_line c ON c.ticket_id = t.id AND c.kind = 'CANCELLATION'
             LEFT JOIN box_disputed_line d ON d.barcode = b.barcode AND d.kind = 'SALE'
             LEFT JOIN box_disputed_line e ON e.barcode = b.barcode AND e.kind = 'CANCELLATION'
             ORDER BY b.barcode",
            params![&after, limit],
        )
    })
    .await
}

impl FromRow for BoxOfficeEntry {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let has_ticket = row.get::<Option<i64>>("ticket_id")?.is_some();
        Ok(Self {
            barcode: row.get("barcode")?,
            staged: StagedState::of(row)?,
            disputed: row.get::<Option<bool>>("disputed")?.unwrap_or_default(),
            cancelled_at: row.get("cancelled_at")?,
            ticket: has_ticket.then(|| TicketEntry::from_row(row)).transpose()?,
        })
    }
}

impl FromRow for TicketEntry {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let money = |amount, vat| {
            let amount = row.get::<Option<Money>>(amount)?;
            Ok::<_, DbError>(amount.zip(row.get(vat)?))
        };
        Ok(Self {
            price: row.get("price_minor")?,
            vat: row.get("vat_minor")?,
            order: row.get("order_number")?,
            line: money("amount_minor", "line_vat_minor")?,
            cancelled: row.get::<Option<BusinessDay>>("cancelled_on")?.is_some(),
            counter_line: money("counter_minor", "counter_vat_minor")?,
            set_apart: [
                money("apart_minor", "apart_vat_minor")?,
                money("counter_apart_minor", "counter_apart_vat_minor")?,
            ],
        })
    }
}

/// Orders that have no ticket: there must be none. At most 10,000 of them.
pub async fn orders_without_ticket(db: &Db) -> Result<Vec<OrderNumber>, DbError> {
    db.read("orders without ticket", |tx| {
        tx.column(
            "SELECT o.order_number FROM box_order o
             LEFT JOIN box_ticket t ON t.order_id = o.id
             WHERE t.id IS NULL ORDER BY o.id LIMIT 10000",
            params![],
        )
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contradiction_is_seen() {
        let whole = BoxOfficeEntry {
            barcode: "OTI2999750120260714070000114".parse().unwrap(),
            disputed: false,
            staged: Some(StagedState::Sold),
            ticket: Some(TicketEntry {
                price: Money::from_minor(950),
                vat: Money::from_minor(50),
                order: Some("OTI-1".parse().unwrap()),
                line: Some((Money::from_minor(950), Money::from_minor(50))),
                cancelled: false,
                counter_line: None,
                set_apart: [None, None],
            }),
            cancelled_at: None,
        };
        // The same, cancelled afterwards.
        let cancel = |entry: &mut BoxOfficeEntry| {
            entry.cancelled_at = Some("2026-07-14T07:05:00Z".parse().unwrap());
            let ticket = entry.ticket.as_mut().unwrap();
            ticket.cancelled = true;
            ticket.counter_line = Some((Money::from_minor(-950), Money::from_minor(-50)));
        };
        type Break = fn(&mut BoxOfficeEntry);
        let cases: [(Break, Option<Contradiction>); 12] = [
            (|_| (), None),
            (|e| e.staged = None, None),
            (|e| e.disputed = true, Some(Contradiction::SetApartDiffers)),
            (
                |e| {
                    let ticket = e.ticket.as_mut().unwrap();
                    ticket.set_apart = [ticket.line, None];
                },
                Some(Contradiction::SetApartDiffers),
            ),
            (
                |e| {
                    e.disputed = true;
                    let ticket = e.ticket.as_mut().unwrap();
                    ticket.set_apart = [ticket.line, None];
                },
                None,
            ),
            (
                |e| {
                    e.staged = Some(StagedState::Ready);
                    e.ticket = None;
                },
                None,
            ),
            (|e| e.ticket = None, Some(Contradiction::SoldWithoutTicket)),
            (
                |e| e.staged = Some(StagedState::Ready),
                Some(Contradiction::TicketButUnsold),
            ),
            (
                |e| e.ticket.as_mut().unwrap().order = None,
                Some(Contradiction::TicketWithoutOrder),
            ),
            (
                |e| e.ticket.as_mut().unwrap().line = None,
                Some(Contradiction::TicketWithoutLine),
            ),
            (
                |e| e.ticket.as_mut().unwrap().price = Money::from_minor(951),
                Some(Contradiction::AmountDiffers),
            ),
            (
                |e| e.ticket.as_mut().unwrap().vat = Money::from_minor(49),
                Some(Contradiction::AmountDiffers),
            ),
        ];
        for (number, (change, expected)) in cases.into_iter().enumerate() {
            let mut entry = whole.clone();
            change(&mut entry);
            assert_eq!(entry.contradiction(), expected, "case {number}");
        }
        let cases: [(Break, Option<Contradiction>); 8] = [
            (|_| (), None),
            (
                |e| e.cancelled_at = None,
                Some(Contradiction::ValidButCancelled),
            ),
            (
                |e| e.ticket.as_mut().unwrap().cancelled = false,
                Some(Contradiction::CancelledButValid),
            ),
            (
                |e| e.ticket.as_mut().unwrap().counter_line = None,
                Some(Contradiction::CancelledWithoutCounterLine),
            ),
            (
                |e| {
                    e.cancelled_at = None;
                    e.ticket.as_mut().unwrap().cancelled = false;
                },
                Some(Contradiction::CounterLineWithoutCancellation),
            ),
            (
                |e| {
                    let line = e.ticket.as_mut().unwrap().counter_line.as_mut().unwrap();
                    line.0 = Money::from_minor(-949);
                },
                Some(Contradiction::CounterAmountDiffers),
            ),
            (
                |e| {
                    e.staged = Some(StagedState::Cancelled);
                    e.ticket = None;
                },
                None,
            ),
            (
                |e| e.staged = Some(StagedState::Cancelled),
                Some(Contradiction::TicketButUnsold),
            ),
        ];
        for (number, (change, expected)) in cases.into_iter().enumerate() {
            let mut entry = whole.clone();
            cancel(&mut entry);
            change(&mut entry);
            assert_eq!(entry.contradiction(), expected, "cancelled, case {number}");
        }
    }
}
