//! Tickets: one for each barcode that was sold, with its account line.

use crate::account_day::{self, Direction};
use crate::dispute;
use crate::pending_account::LineKind;
use crate::price::Price;
use crate::staged::StateWord;
use db::{DbError, Tx, params};
use kernel::{
    BusinessDay, ContactNumber, ControlBarcode, Money, OrderNumber, ProductCode, SeasonCode,
    SectorCode, TariffCode, Timestamp, VatRate,
};
use secutix::stx::TicketState;

/// A ticket with what its order says, as far as a row that brings its barcode
/// again must agree with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub id: i64,
    pub season: SeasonCode,
    pub product: ProductCode,
    pub tariff: TariffCode,
    pub price: Money,
    pub vat: VatRate,
    pub controlled_at: Timestamp,
    pub sector: Option<SectorCode>,
    pub order_number: OrderNumber,
    pub contact: ContactNumber,
    pub ordered_at: Timestamp,
}

db::from_row! {
    Ticket {
        id, season, product, tariff, price = "price_minor", vat = "vat_basis_points",
        controlled_at, sector, order_number, contact, ordered_at
    }
}

/// A ticket to be made.
#[derive(Debug)]
pub(crate) struct NewTicket<'a> {
    pub order_id: i64,
    pub barcode: &'a ControlBarcode,
    pub season: &'a SeasonCode,
    pub product: &'a ProductCode,
    pub tariff: &'a TariffCode,
    pub price: Price,
    pub controlled_at: Timestamp,
    pub business_day: BusinessDay,
    /// Unknown if the barcode was never staged.
    pub sector: Option<&'a SectorCode>,
    pub contact: &'a ContactNumber,
    pub booked_at: Timestamp,
}

pub(crate) fn find(tx: &mut Tx<'_>, barcode: &ControlBarcode) -> Result<Option<Ticket>, DbError> {
    tx.query_opt_as(
        "SELECT t.id, t.season, t.product, t.tariff, t.price_minor, t.vat_basis_points,
                t.controlled_at, t.sector, o.order_number, o.contact, o.ordered_at
         FROM box_ticket t JOIN box_order o ON o.id = t.order_id WHERE t.barcode = $1",
        params![barcode],
    )
}

/// Makes the ticket and its line on the pending account, and calls its staged
/// barcode, if there is one, sold.
pub(crate) fn sell(tx: &mut Tx<'_>, ticket: &NewTicket<'_>) -> Result<(), DbError> {
    let vat_amount = ticket.price.vat_amount();
    let id: i64 = tx.value(
        "INSERT INTO box_ticket
             (order_id, barcode, season, product, tariff, price_minor, vat_basis_points,
              vat_minor, state, controlled_at, business_day, sector)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (barcode) DO NOTHING RETURNING id",
        params![
            ticket.order_id,
            ticket.barcode,
            ticket.season,
            ticket.product,
            ticket.tariff,
            ticket.price.gross,
            ticket.price.vat,
            vat_amount,
            TicketState::Controlled,
            ticket.controlled_at,
            ticket.business_day,
            ticket.sector
        ],
    )?;
    tx.execute(
        "INSERT INTO box_account_line
             (ticket_id, kind, contact, amount_minor, vat_minor, business_day, booked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            id,
            LineKind::Sale,
            ticket.contact,
            ticket.price.gross,
            vat_amount,
            ticket.business_day,
            ticket.booked_at
        ],
    )?;
    account_day::count(tx, id, LineKind::Sale, Direction::In)?;
    dispute::set_apart(tx, id)?;
    tx.execute(
        "UPDATE box_staged SET state = $2, held_reason = NULL WHERE barcode = $1",
        params![ticket.barcode, StateWord::Sold],
    )?;
    Ok(())
}

/// Notes where a ticket was scanned that was sold before that was known.
pub(crate) fn note_sector(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    sector: &SectorCode,
) -> Result<(), DbError> {
    if ticket.sector.is_some() {
        return Ok(());
    }
    // What is staged only now was not cancelled before: there is one line.
    account_day::count(tx, ticket.id, LineKind::Sale, Direction::Out)?;
    tx.execute(
        "UPDATE box_ticket SET sector = $2 WHERE id = $1",
        params![ticket.id, sector],
    )?;
    account_day::count(tx, ticket.id, LineKind::Sale, Direction::In)
}
