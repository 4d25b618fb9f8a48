//! What the importer demands of a row beyond the format: that it agrees with
//! the organisation, the catalogue, and what is known of its barcode.
//!
//! Explanations never repeat a field of the row but price and VAT: a shifted
//! row may have its barcode anywhere.

use crate::price::{Price, price_on};
use crate::readiness::{self, HeldReason, may_pay_later};
use crate::staged::Staged;
use crate::ticket::Ticket;
use crate::{Catalogue, order::Order};
use kernel::table::without_its_zeros;
use kernel::{BusinessDay, Money, Organisation, Timestamp, Zone};
use secutix::stx::{Column, Operation, RowProblem, RowReason, StxRow, TicketState};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Whether two moments are the same as far as a file can tell, on whose clocks there
/// are no parts of a second. Also the two hours are the same that a clock shows twice
/// when it is put back.
pub(crate) fn same_moment(zone: &Zone, a: Timestamp, b: Timestamp) -> bool {
    same_day(zone, a, b) && zone.time_of_day(a) == zone.time_of_day(b)
}

/// Whether two moments are on the same day; more is not told of an order.
fn same_day(zone: &Zone, a: Timestamp, b: Timestamp) -> bool {
    zone.business_day(a) == zone.business_day(b)
}

/// A code in `column` that the catalogue does not have among `known`.
fn unknown<'a>(
    column: Column,
    code: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    (reason, explanation): (RowReason, &'static str),
) -> RowProblem {
    match without_its_zeros(code, known) {
        None => RowProblem::of(column, reason, explanation),
        Some(meant) => RowProblem::of(
            column,
            RowReason::ZerosLost,
            format!(
                "has lost the zeros in front, which spreadsheets take from numbers; the catalogue \
                 has {meant}; take the file anew from where it came, and open it with this column \
                 as text"
            ),
        ),
    }
}

/// Whether the row is a sale of ours, of something the catalogue has, to someone
/// who may pay later.
pub(crate) fn demands(row: &StxRow, organisation: &Organisation) -> Vec<RowProblem> {
    let mut problems = Vec::new();
    if row.institution != organisation.institution {
        problems.push(RowProblem::of(
            Column::Institution,
            RowReason::InstitutionMismatch,
            format!(
                "is not {}; import the file where it belongs, or correct the code",
                organisation.institution
            ),
        ));
    }
    if row.organisation != organisation.organisation {
        problems.push(RowProblem::of(
            Column::Organisation,
            RowReason::OrganisationMismatch,
            format!(
                "is not {}; import the file where it belongs, or correct the code",
                organisation.organisation
            ),
        ));
    }
    if row.operation != Operation::Sale {
        problems.push(RowProblem::of(
            Column::Operation,
            RowReason::OperationNotSale,
            "is not SALE; what a gate admitted is sold, not reserved",
        ));
    }
    if row.ticket_state != TicketState::Controlled {
        problems.push(RowProblem::of(
            Column::TicketState,
            RowReason::StateNotControlled,
            "is not CONTROLLED; the channel OTIPASS sells what a gate has admitted",
        ));
    }
    problems
}

/// Whether the scan has been. Clocks and zones may differ by a day.
pub(crate) fn scan_to_come(row: &StxRow, zone: &Zone, now: Timestamp) -> Option<RowProblem> {
    let scan = row.generation_date?;
    (scan > now.plus_ms(DAY_MS)).then(|| {
        RowProblem::of(
            Column::GenerationDate,
            RowReason::ScanToCome,
            format!(
                "is {}, which has not been yet; day and month may have changed places: take the \
                 file anew from where it came, and open it with this column as text",
                zone.business_day(scan)
            ),
        )
    })
}

/// What a row that is to be sold must find in the catalogue as it is now.
pub(crate) fn catalogue_demands(row: &StxRow, catalogue: &Catalogue) -> Vec<RowProblem> {
    let mut problems = Vec::new();
    match readiness::open_pass(catalogue, &row.season, &row.product) {
        Err(HeldReason::SeasonUnknown) => problems.push(unknown(
            Column::Season,
            row.season.as_str(),
            catalogue.seasons.iter().map(|s| s.code.as_str()),
            (
                RowReason::SeasonUnknown,
                "is not in the catalogue; add the season or correct the code",
            ),
        )),
        Err(HeldReason::ProductUnknown) => problems.push(unknown(
            Column::Product,
            row.product.as_str(),
            catalogue.products.iter().map(|p| p.code.as_str()),
            (
                RowReason::ProductUnknown,
                "is not in the catalogue's season; add the product or correct the code",
            ),
        )),
        Err(_) => problems.push(RowProblem::of(
            Column::Product,
            RowReason::NotOpenPass,
            "is not of the Open Pass family; name an Open Pass",
        )),
        Ok(()) => {
            let tariffs = catalogue.tariffs.iter();
            let known = tariffs.filter(|t| t.product == row.product);
            let known = known.map(|t| t.code.as_str());
            if !known.clone().any(|code| code == row.tariff.as_str()) {
                problems.push(unknown(
                    Column::Tariff,
                    row.tariff.as_str(),
                    known,
                    (
                        RowReason::TariffUnknown,
                        "is no tariff of the product; add the tariff or correct the code",
                    ),
                ));
            }
        }
    }
    problems.extend(buyer_demands(row, catalogue));
    problems
}

/// Whether the buyer is known and may pay later.
fn buyer_demands(row: &StxRow, catalogue: &Catalogue) -> Option<RowProblem> {
    let column = Column::BuyingContact;
    let Some(buyer) = &row.buying_contact else {
        return Some(RowProblem::of(
            column,
            RowReason::BuyerAnonymous,
            "is empty, so the buyer is anonymous, and nobody could be asked to pay later; write \
             the number of the contact that pays",
        ));
    };
    let contacts = catalogue.contacts.iter();
    if !contacts.clone().any(|c| c.number == *buyer) {
        return Some(unknown(
            column,
            buyer.as_str(),
            contacts.map(|c| c.number.as_str()),
            (
                RowReason::ContactUnknown,
                "is no contact of the catalogue; add the contact or correct the number",
            ),
        ));
    }
    (!may_pay_later(catalogue, buyer)).then(|| {
        RowProblem::of(
            column,
            RowReason::ContactMayNotPayLater,
            "may not pay by pending account; allow it PENDING_ACCOUNT or name another contact",
        )
    })
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
            RowReason::TariffNotValid,
            format!("has no price with VAT on {day}; complete the tariff or correct the code"),
        )];
    };
    let mut problems = Vec::new();
    if row.price != gross {
        problems.push(RowProblem::of(
            Column::Price,
            RowReason::PriceMismatch,
            format!(
                "is {}, but the tariff costs {gross} on {day}; correct the price or the tariff{}",
                row.price,
                factor_hint(row.price, gross)
            ),
        ));
    }
    if row.vat != vat {
        problems.push(RowProblem::of(
            Column::Vat,
            RowReason::VatMismatch,
            format!(
                "is {}, but the tariff has {vat} on {day}; correct the rate or the tariff",
                row.vat
            ),
        ));
    }
    problems
}

/// What to look at if a price is ten times or a tenth of what it should be.
fn factor_hint(price: Money, gross: Money) -> &'static str {
    let (price, gross) = (i128::from(price.minor()), i128::from(gross.minor()));
    if price != 0 && (price == gross * 10 || price * 10 == gross) {
        ", or price_factor of the dialect, if all prices of the file are so"
    } else {
        ""
    }
}

/// In what the row differs from the ticket its barcode has already.
pub(crate) fn sold_otherwise(row: &StxRow, ticket: &Ticket, zone: &Zone) -> Option<RowProblem> {
    let scan = row.generation_date;
    conflict(
        "was sold before",
        &[
            (
                Column::OrderNumber,
                (row.order_number.as_ref()).is_some_and(|number| *number != ticket.order_number),
            ),
            (
                Column::OrderDate,
                !same_day(zone, row.order_date, ticket.ordered_at),
            ),
            (
                Column::BuyingContact,
                row.buying_contact.as_ref() != Some(&ticket.contact),
            ),
            (Column::Season, row.season != ticket.season),
            (Column::Product, row.product != ticket.product),
            (Column::Tariff, row.tariff != ticket.tariff),
            (Column::Price, row.price != ticket.price),
            (Column::Vat, row.vat != ticket.vat),
            (
                Column::GenerationDate,
                scan.is_none_or(|scan| !same_moment(zone, scan, ticket.controlled_at)),
            ),
        ],
    )
}

/// Whether the entry was taken back after the row was written.
pub(crate) fn cancelled(staged: &Staged) -> Option<RowProblem> {
    staged.cancelled_at.map(|at| {
        RowProblem::of(
            Column::Barcode,
            RowReason::BarcodeCancelled,
            format!("stands for an entry that the gate cancelled at {at}; leave the row out"),
        )
    })
}

/// In what the row differs from what the gate said of its barcode.
pub(crate) fn staged_otherwise(row: &StxRow, staged: &Staged, zone: &Zone) -> Option<RowProblem> {
    let scan = row.generation_date;
    conflict(
        "was staged by the gate",
        &[
            (Column::Season, row.season != staged.season),
            (Column::Product, row.product != staged.product),
            (
                Column::GenerationDate,
                scan.is_none_or(|scan| !same_moment(zone, scan, staged.controlled_at)),
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
            RowReason::BarcodeConflict,
            format!(
                "{before} with another {}; correct the row, or give the sale a barcode of its own",
                names.join(", ")
            ),
        )
    })
}

/// Whether the row can belong to the order that bears its number already.
pub(crate) fn order_demands(row: &StxRow, order: &Order, zone: &Zone) -> Option<RowProblem> {
    let same = row.buying_contact.as_ref() == Some(&order.contact)
        && same_day(zone, row.order_date, order.ordered_at);
    (!same).then(|| {
        RowProblem::of(
            Column::OrderNumber,
            RowReason::OrderNumberTaken,
            "is that of an order with another buyer or date; give this order a number of its own",
        )
    })
}
