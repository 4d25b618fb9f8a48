//! What the importer demands of a row beyond the format: that it agrees with
//! the organisation, the catalogue, and what is known of its barcode.
//!
//! Explanations never repeat a field of the row but price and VAT: a shifted
//! row may have its barcode anywhere.

use crate::price::{Price, price_on};
use crate::readiness::{self, HeldReason, may_pay_later};
use crate::staged::Staged;
use crate::ticket::Ticket;
use crate::{Catalogue, Organisation, order::Order};
use kernel::{BusinessDay, Timestamp};
use secutix::stx::{
    Column, DateFormat, Dialect, Operation, RowProblem, RowReason, StxRow, TicketState,
};

const INSTITUTION_MISMATCH: RowReason = RowReason::new("institution_mismatch");
const ORGANISATION_MISMATCH: RowReason = RowReason::new("organisation_mismatch");
const OPERATION_NOT_SALE: RowReason = RowReason::new("operation_not_sale");
const STATE_NOT_CONTROLLED: RowReason = RowReason::new("state_not_controlled");
const SEASON_UNKNOWN: RowReason = RowReason::new("season_unknown");
const PRODUCT_UNKNOWN: RowReason = RowReason::new("product_unknown");
const NOT_OPEN_PASS: RowReason = RowReason::new("not_open_pass");
const TARIFF_UNKNOWN: RowReason = RowReason::new("tariff_unknown");
const TARIFF_NOT_VALID: RowReason = RowReason::new("tariff_not_valid");
const PRICE_MISMATCH: RowReason = RowReason::new("price_mismatch");
const VAT_MISMATCH: RowReason = RowReason::new("vat_mismatch");
const CONTACT_UNKNOWN: RowReason = RowReason::new("contact_unknown");
const CONTACT_MAY_NOT_PAY_LATER: RowReason = RowReason::new("contact_without_pending_account");
const BARCODE_CONFLICT: RowReason = RowReason::new("barcode_conflict");
/// Of a row whose entry was taken back before it was sold.
pub(crate) const BARCODE_CANCELLED: RowReason = RowReason::new("barcode_cancelled");
const ORDER_NUMBER_TAKEN: RowReason = RowReason::new("order_number_taken");

/// Whether two moments are the same as far as `dialect` can tell.
pub(crate) fn same_moment(dialect: &Dialect, a: Timestamp, b: Timestamp) -> bool {
    match dialect.dates {
        DateFormat::IsoUtc => a == b,
        // Seconds on the clocks of a zone: also the two hours are the same that
        // a clock shows twice when it is put back.
        DateFormat::LocalSeconds => {
            let zone = &dialect.zone;
            let in_half_hour = |moment: Timestamp| moment.millis() / 1000 % 1800;
            zone.business_day(a) == zone.business_day(b)
                && zone.hour(a) == zone.hour(b)
                && in_half_hour(a) == in_half_hour(b)
        }
    }
}

/// Whether the row is a sale of ours, of something the catalogue has, to someone
/// who may pay later.
pub(crate) fn demands(row: &StxRow, organisation: &Organisation) -> Vec<RowProblem> {
    let mut problems = Vec::new();
    if row.institution != organisation.institution {
        problems.push(RowProblem::of(
            Column::Institution,
            INSTITUTION_MISMATCH,
            format!(
                "is not {}; import the file where it belongs, or correct the code",
                organisation.institution
            ),
        ));
    }
    if row.organisation != organisation.organisation {
        problems.push(RowProblem::of(
            Column::Organisation,
            ORGANISATION_MISMATCH,
            format!(
                "is not {}; import the file where it belongs, or correct the code",
                organisation.organisation
            ),
        ));
    }
    if row.operation != Operation::Sale {
        problems.push(RowProblem::of(
            Column::Operation,
            OPERATION_NOT_SALE,
            "is not SALE; what a gate admitted is sold, not reserved",
        ));
    }
    if row.ticket_state != TicketState::Controlled {
        problems.push(RowProblem::of(
            Column::TicketState,
            STATE_NOT_CONTROLLED,
            "is not CONTROLLED; the channel OTIPASS sells what a gate has admitted",
        ));
    }
    problems
}

/// What a row that is to be sold must find in the catalogue as it is now.
pub(crate) fn catalogue_demands(row: &StxRow, catalogue: &Catalogue) -> Vec<RowProblem> {
    let mut problems = Vec::new();
    match readiness::open_pass(catalogue, &row.season, &row.product) {
        Err(HeldReason::SeasonUnknown) => problems.push(RowProblem::of(
            Column::Season,
            SEASON_UNKNOWN,
            "is not in the catalogue; add the season or correct the code",
        )),
        Err(HeldReason::ProductUnknown) => problems.push(RowProblem::of(
            Column::Product,
            PRODUCT_UNKNOWN,
            "is not in the catalogue's season; add the product or correct the code",
        )),
        Err(_) => problems.push(RowProblem::of(
            Column::Product,
            NOT_OPEN_PASS,
            "is not of the Open Pass family; name an Open Pass",
        )),
        Ok(()) => {
            let mut tariffs = catalogue.tariffs.iter();
            if !tariffs.any(|t| t.product == row.product && t.code == row.tariff) {
                problems.push(RowProblem::of(
                    Column::Tariff,
                    TARIFF_UNKNOWN,
                    "is no tariff of the product; add the tariff or correct the code",
                ));
            }
        }
    }
    let mut contacts = catalogue.contacts.iter();
    if !contacts.any(|c| c.number == row.buying_contact) {
        problems.push(RowProblem::of(
            Column::BuyingContact,
            CONTACT_UNKNOWN,
            "is no contact of the catalogue; add the contact or correct the number",
        ));
    } else if !may_pay_later(catalogue, &row.buying_contact) {
        problems.push(RowProblem::of(
            Column::BuyingContact,
            CONTACT_MAY_NOT_PAY_LATER,
            "may not pay by pending account; allow it PENDING_ACCOUNT or name another contact",
        ));
    }
    problems
}

/// Whether the row's price is that of its tariff on `day`. A tariff that the
/// product does not have at all is no matter here.
pub(crate) fn price_demands(
    row: &StxRow,
    catalogue: &Catalogue,
    day: BusinessDay,
) -> Vec<RowProblem> {
    let tariffs = &catalogue.tariffs;
    if !tariffs
        .iter()
        .any(|t| t.product == row.product && t.code == row.tariff)
    {
        return Vec::new();
    }
    let Some(Price { gross, vat }) = price_on(tariffs, &row.product, &row.tariff, day) else {
        return vec![RowProblem::of(
            Column::Tariff,
            TARIFF_NOT_VALID,
            format!("has no price with VAT on {day}; complete the tariff or correct the code"),
        )];
    };
    let mut problems = Vec::new();
    if row.price != gross {
        problems.push(RowProblem::of(
            Column::Price,
            PRICE_MISMATCH,
            format!(
                "is {}, but the tariff costs {gross} on {day}; correct the price or the tariff",
                row.price
            ),
        ));
    }
    if row.vat != vat {
        problems.push(RowProblem::of(
            Column::Vat,
            VAT_MISMATCH,
            format!(
                "is {}, but the tariff has {vat} on {day}; correct the rate or the tariff",
                row.vat
            ),
        ));
    }
    problems
}

/// In what the row differs from the ticket its barcode has already.
pub(crate) fn sold_otherwise(
    row: &StxRow,
    ticket: &Ticket,
    dialect: &Dialect,
) -> Option<RowProblem> {
    let scan = row.generation_date;
    conflict(
        "was sold before",
        &[
            (Column::OrderNumber, row.order_number != ticket.order_number),
            (
                Column::OrderDate,
                !same_moment(dialect, row.order_date, ticket.ordered_at),
            ),
            (Column::BuyingContact, row.buying_contact != ticket.contact),
            (Column::Season, row.season != ticket.season),
            (Column::Product, row.product != ticket.product),
            (Column::Tariff, row.tariff != ticket.tariff),
            (Column::Price, row.price != ticket.price),
            (Column::Vat, row.vat != ticket.vat),
            (
                Column::GenerationDate,
                scan.is_none_or(|scan| !same_moment(dialect, scan, ticket.controlled_at)),
            ),
        ],
    )
}

/// Whether the entry was taken back after the row was written.
pub(crate) fn cancelled(staged: &Staged) -> Option<RowProblem> {
    staged.cancelled_at.map(|at| {
        RowProblem::of(
            Column::Barcode,
            BARCODE_CANCELLED,
            format!("stands for an entry that the gate cancelled at {at}; leave the row out"),
        )
    })
}

/// In what the row differs from what the gate said of its barcode.
pub(crate) fn staged_otherwise(
    row: &StxRow,
    staged: &Staged,
    dialect: &Dialect,
) -> Option<RowProblem> {
    let scan = row.generation_date;
    conflict(
        "was staged by the gate",
        &[
            (Column::Season, row.season != staged.season),
            (Column::Product, row.product != staged.product),
            (
                Column::GenerationDate,
                scan.is_none_or(|scan| !same_moment(dialect, scan, staged.controlled_at)),
            ),
        ],
    )
}

fn conflict(before: &str, columns: &[(Column, bool)]) -> Option<RowProblem> {
    let names: Vec<&str> = columns
        .iter()
        .filter_map(|(column, differs)| differs.then_some(column.as_str()))
        .collect();
    (!names.is_empty()).then(|| {
        RowProblem::of(
            Column::Barcode,
            BARCODE_CONFLICT,
            format!(
                "{before} with another {}; correct the row, or give the sale a barcode of its own",
                names.join(", ")
            ),
        )
    })
}

/// Whether the row can belong to the order that bears its number already.
pub(crate) fn order_demands(row: &StxRow, order: &Order, dialect: &Dialect) -> Option<RowProblem> {
    let same = row.buying_contact == order.contact
        && same_moment(dialect, row.order_date, order.ordered_at);
    (!same).then(|| {
        RowProblem::of(
            Column::OrderNumber,
            ORDER_NUMBER_TAKEN,
            "is that of an order with another buyer or date; give this order a number of its own",
        )
    })
}
