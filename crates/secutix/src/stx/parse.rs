//! One line of the file becomes a row, or the list of all its mistakes.

use super::dialect::Dated;
use super::{
    Column, Dialect, MAX_PRICE, MAX_REMARK_CHARS, MAX_SHIPMENT_MODE_CHARS, MAX_TAX_NUMBER_CHARS,
    MAX_VAT, Operation, PriceFactor, RowProblem, RowReason, StxRow, TicketState, line,
};
use crate::mask::without_numbers;
use kernel::table::{is_debris, is_shortened};
use kernel::{
    ContactNumber, ControlBarcode, InstitutionCode, InvalidCode, Money, Timestamp, VatRate,
};
use std::borrow::Cow;
use std::str::FromStr;

/// Reads `text`, whose fields are those of `columns`.
pub(super) fn parse(
    text: &str,
    columns: &[Option<Column>],
    dialect: &Dialect,
) -> Result<StxRow, Vec<RowProblem>> {
    let cells = line::split(text, dialect.separator.as_char()).map_err(|_| {
        vec![RowProblem::of_row(
            RowReason::UnbalancedQuotes,
            "a quotation mark opens and does not close in this line, or closes in mid-field; \
             double those that belong to the text, and write each row on one line",
        )]
    })?;
    if let Some(problem) = field_count_problem(&cells, columns) {
        return Err(vec![problem]);
    }
    let mut fields = Fields {
        cells,
        columns,
        problems: Vec::new(),
    };
    let f = &mut fields;
    let institution: Option<InstitutionCode> = f.needed(Column::Institution, code);
    let organisation = f.optional(Column::Organisation, code);
    let order_number = f.optional(Column::OrderNumber, code);
    let order_date = f.optional(Column::OrderDate, |c, text| dated(c, text, dialect));
    let operation = f.needed(Column::Operation, |c, text| {
        word(
            c,
            text,
            &[Operation::Sale, Operation::Reservation],
            Operation::as_str,
        )
    });
    let remark = f.remark();
    let buying_contact = f.optional(Column::BuyingContact, contact);
    let season = f.needed(Column::Season, code);
    let product = f.needed(Column::Product, code);
    let tariff = f.needed(Column::Tariff, code);
    let price = f.needed(Column::Price, |c, text| {
        price(c, text, dialect.price_factor)
    });
    let vat = f.needed(Column::Vat, vat);
    let payment_date = f.optional(Column::PaymentDate, |c, text| date(c, text, dialect));
    let ticket_state = f.needed(Column::TicketState, |c, text| {
        let states = [
            TicketState::NotPrinted,
            TicketState::Printed,
            TicketState::Controlled,
        ];
        word(c, text, &states, TicketState::as_str)
    });
    let generation_date = f.optional(Column::GenerationDate, |c, text| date(c, text, dialect));
    let barcode = f.needed(Column::Barcode, barcode);
    let tax_number = f.optional(Column::TaxNumber, |c, text| {
        free_text(c, text, MAX_TAX_NUMBER_CHARS)
    });
    let shipment_date = f.optional(Column::ShipmentDate, |c, text| date(c, text, dialect));
    let shipment_mode = f.optional(Column::ShipmentMode, |c, text| {
        free_text(c, text, MAX_SHIPMENT_MODE_CHARS)
    });
    let order_date = f.order_date(order_date, generation_date.or(payment_date), dialect);
    f.look_at_each_other(price, ticket_state);
    let row = || {
        Some(StxRow {
            organisation: match organisation {
                Some(organisation) => organisation,
                None => institution.as_ref()?.as_str().parse().ok()?,
            },
            institution: institution?,
            order_number,
            order_date: order_date?,
            operation: operation?,
            remark,
            buying_contact,
            season: season?,
            product: product?,
            tariff: tariff?,
            price: price?,
            vat: vat?,
            payment_date,
            ticket_state: ticket_state?,
            generation_date,
            barcode: barcode?,
            tax_number,
            shipment_date,
            shipment_mode,
        })
    };
    // A needed field without a value has left a problem behind.
    match row() {
        Some(row) if fields.problems.is_empty() => Ok(row),
        _ => Err(fields.problems),
    }
}

/// Optional columns may be left out at the end, and empty fields be too many,
/// as spreadsheets write them.
fn field_count_problem(cells: &[Cow<'_, str>], columns: &[Option<Column>]) -> Option<RowProblem> {
    let lacking = columns.get(cells.len()..).unwrap_or_default();
    let surplus = cells.get(columns.len()..).unwrap_or_default();
    let fine = lacking.iter().flatten().all(|column| column.is_optional())
        && surplus.iter().all(|cell| cell.trim().is_empty());
    (!fine).then(|| {
        RowProblem::of_row(
            RowReason::WrongFieldCount,
            format!(
                "the row has {} fields where the file has {} columns; look for a separator too \
                 few or too many, and put a text that holds one in quotation marks",
                cells.len(),
                columns.len()
            ),
        )
    })
}

/// The fields of one row, and what has been found wrong with them.
struct Fields<'a> {
    cells: Vec<Cow<'a, str>>,
    columns: &'a [Option<Column>],
    problems: Vec<RowProblem>,
}

impl Fields<'_> {
    /// What stands in `column`; nothing if the file or the row leaves it out.
    fn cell(&self, column: Column) -> &str {
        let index = self.columns.iter().position(|c| *c == Some(column));
        index
            .and_then(|index| self.cells.get(index))
            .map_or("", AsRef::as_ref)
    }

    fn is_filled(&self, column: Column) -> bool {
        !self.cell(column).trim().is_empty()
    }

    /// Reads the trimmed field if there is something in it.
    fn optional<T>(
        &mut self,
        column: Column,
        read: impl FnOnce(Column, &str) -> Result<T, RowProblem>,
    ) -> Option<T> {
        // Looked at before blanks are trimmed, which some control characters are.
        let text = self.cell(column);
        let read = match control_character_problem(column, text) {
            Some(problem) => Err(problem),
            None if text.trim().is_empty() => return None,
            None if is_shortened(text) => Err(RowProblem::of(
                column,
                RowReason::Shortened,
                "is a long number that a spreadsheet has shortened, as to 2,99975E+21, and its last \
                 digits are lost; take the file anew from where it came, and open it with this \
                 column as text",
            )),
            None => read(column, text.trim()),
        };
        read.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Like [`optional`](Self::optional), and complains if there is nothing.
    fn needed<T>(
        &mut self,
        column: Column,
        read: impl FnOnce(Column, &str) -> Result<T, RowProblem>,
    ) -> Option<T> {
        let problems_before = self.problems.len();
        let value = self.optional(column, read);
        if value.is_none() && self.problems.len() == problems_before {
            self.problems.push(RowProblem::of(
                column,
                RowReason::MissingValue,
                "is empty; every row needs it",
            ));
        }
        value
    }

    /// When the order was: as `told`, or when its ticket was made, which also says the
    /// time where a mere day is told.
    fn order_date(
        &mut self,
        told: Option<Dated>,
        ticket: Option<Timestamp>,
        dialect: &Dialect,
    ) -> Option<Timestamp> {
        match (told, ticket) {
            (Some(told), Some(made)) if told.is_day && dialect.same_day(told.at, made) => {
                Some(made)
            }
            (Some(told), _) => Some(told.at),
            (None, Some(made)) if !self.is_filled(Column::OrderDate) => Some(made),
            (None, _) => {
                if self.problems.is_empty() {
                    self.problems.push(RowProblem::of(
                        Column::OrderDate,
                        RowReason::MissingValue,
                        "is empty, and nothing else in the row says when it was sold; fill it",
                    ));
                }
                None
            }
        }
    }

    /// The rules between fields, which look at whether something stands in a field, be it
    /// right or wrong. A price or state that could not be read breaks none of them.
    fn look_at_each_other(&mut self, price: Option<Money>, state: Option<TicketState>) {
        if price == Some(Money::ZERO) && self.is_filled(Column::PaymentDate) {
            self.problems.push(RowProblem::of(
                Column::PaymentDate,
                RowReason::PaymentDateWithoutPrice,
                "is filled though the price is 0; leave it empty or correct the price",
            ));
        }
        let Some(state @ (TicketState::Printed | TicketState::Controlled)) = state else {
            return;
        };
        for (column, reason) in [
            (Column::GenerationDate, RowReason::GenerationDateMissing),
            (Column::ShipmentMode, RowReason::ShipmentModeMissing),
        ] {
            if !self.is_filled(column) {
                self.problems.push(RowProblem::of(
                    column,
                    reason,
                    format!("is empty though the ticket is {state}; fill it or correct the state"),
                ));
            }
        }
    }

    /// The remark as it is, blanks included.
    fn remark(&mut self) -> String {
        let text = self.cell(Column::Remark).to_owned();
        self.problems
            .extend(text_problem(Column::Remark, &text, MAX_REMARK_CHARS));
        text
    }
}

fn code<T: FromStr<Err = InvalidCode>>(column: Column, text: &str) -> Result<T, RowProblem> {
    // Not the error's own text: a shifted row may have its barcode here.
    text.parse().map_err(|error| match error {
        InvalidCode::TooLong { length, limit, .. } => RowProblem::of(
            column,
            RowReason::TooLong,
            format!("has {length} characters; at most {limit} are allowed, so take the code of the catalogue"),
        ),
        InvalidCode::Character { found, .. } => RowProblem::of(
            column,
            RowReason::ForbiddenCharacter,
            format!("holds {found:?}, which a code cannot hold; remove it"),
        ),
        InvalidCode::Empty { .. } => {
            RowProblem::of(column, RowReason::MissingValue, "is empty; every row needs it")
        }
    })
}

fn contact(column: Column, text: &str) -> Result<ContactNumber, RowProblem> {
    let contact: ContactNumber = code(column, text)?;
    if contact.as_str().bytes().all(|b| b.is_ascii_digit()) {
        return Ok(contact);
    }
    Err(RowProblem::of(
        column,
        RowReason::InvalidNumber,
        "is no contact number; write its digits only, with the leading zeros",
    ))
}

fn date(column: Column, text: &str, dialect: &Dialect) -> Result<Timestamp, RowProblem> {
    let told = dated(column, text, dialect)?;
    if told.is_day && !column.is_day() {
        return Err(RowProblem::of(
            column,
            RowReason::InvalidDate,
            format!(
                "holds \"{}\", a day without a time; write the time of the scan too, like 2026-07-14 \
                 09:00:00",
                without_numbers(text, 40)
            ),
        ));
    }
    Ok(told.at)
}

fn dated(column: Column, text: &str, dialect: &Dialect) -> Result<Dated, RowProblem> {
    let why = match text.contains('/') {
        true => "where a spreadsheet may have changed days and months",
        false => "which is no moment",
    };
    dialect.date(text).ok_or_else(|| {
        RowProblem::of(
            column,
            RowReason::InvalidDate,
            format!(
                "holds \"{}\", {why}; write it like 2026-07-14 09:00:00, 14.07.2026 09:00:00 or \
                 2026-07-14T07:00:00.114Z",
                without_numbers(text, 40)
            ),
        )
    })
}

fn word<T: Copy>(
    column: Column,
    text: &str,
    words: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, RowProblem> {
    let found = words
        .iter()
        .find(|word| name(**word).eq_ignore_ascii_case(text));
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|word| name(*word)).collect();
        RowProblem::of(
            column,
            RowReason::UnknownValue,
            format!(
                "holds \"{}\"; write one of {}",
                without_numbers(text, 40),
                names.join(", ")
            ),
        )
    })
}

/// Digits only: no sign, no point, no blanks. `None` if more than a number holds.
fn whole_number(column: Column, text: &str, cure: &str) -> Result<Option<i64>, RowProblem> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.parse().ok());
    }
    Err(RowProblem::of(
        column,
        RowReason::InvalidNumber,
        format!(
            "holds \"{}\", which is no whole number from 0 on; {cure}",
            without_numbers(text, 40)
        ),
    ))
}

fn price(column: Column, text: &str, factor: PriceFactor) -> Result<Money, RowProblem> {
    let cure = match factor {
        PriceFactor::Hundred => "write the price × 100, such as 950 for 9.50",
        PriceFactor::Thousand => "write the price × 1000, such as 9500 for 9.50",
    };
    // A number beyond i64 is far beyond the highest price, too.
    let units = whole_number(column, text, cure)?.unwrap_or(i64::MAX);
    let price = Money::from_minor(units / factor.per_minor());
    if price > MAX_PRICE {
        return Err(RowProblem::of(
            column,
            RowReason::OutOfRange,
            format!("is above {MAX_PRICE}; correct it"),
        ));
    }
    if units % factor.per_minor() != 0 {
        return Err(RowProblem::of(
            column,
            RowReason::InvalidNumber,
            format!("holds a fraction of a cent; {cure}"),
        ));
    }
    Ok(price)
}

fn vat(column: Column, text: &str) -> Result<VatRate, RowProblem> {
    let rate = whole_number(column, text, "write the rate × 100, such as 550 for 5.5 %")?;
    let rate = rate.and_then(|rate| u32::try_from(rate).ok());
    let rate = VatRate::from_basis_points(rate.unwrap_or(u32::MAX));
    if rate > MAX_VAT {
        return Err(RowProblem::of(
            column,
            RowReason::OutOfRange,
            "is above 100 %; write the rate × 100, such as 550 for 5.5 %",
        ));
    }
    Ok(rate)
}

fn barcode(column: Column, text: &str) -> Result<ControlBarcode, RowProblem> {
    if is_debris(text) {
        return Err(RowProblem::of(
            column,
            RowReason::ForbiddenCharacter,
            "holds what a spreadsheet makes of a value, like ##### or #N/A, '42, =\"42\" or 42,0, \
             and not the value; take the file anew from where it came, and open it with this \
             column as text",
        ));
    }
    text.parse().map_err(|_| {
        let length = text.chars().count();
        if length > ControlBarcode::MAX_CHARS {
            RowProblem::of(
                column,
                RowReason::TooLong,
                format!(
                    "has {length} characters; at most {} are allowed",
                    ControlBarcode::MAX_CHARS
                ),
            )
        } else {
            RowProblem::of(
                column,
                RowReason::ForbiddenCharacter,
                "holds a character that a barcode cannot hold; write printable ASCII without \
                 blanks and semicolons",
            )
        }
    })
}

fn free_text(column: Column, text: &str, limit: usize) -> Result<String, RowProblem> {
    text_problem(column, text, limit).map_or_else(|| Ok(text.to_owned()), Err)
}

/// What is wrong with a free text.
fn text_problem(column: Column, text: &str, limit: usize) -> Option<RowProblem> {
    if let Some(problem) = control_character_problem(column, text) {
        return Some(problem);
    }
    let length = text.chars().count();
    (length > limit).then(|| {
        RowProblem::of(
            column,
            RowReason::TooLong,
            format!("has {length} characters; shorten it to {limit}"),
        )
    })
}

fn control_character_problem(column: Column, text: &str) -> Option<RowProblem> {
    let found = text.chars().find(|c| c.is_control())?;
    Some(RowProblem::of(
        column,
        RowReason::ForbiddenCharacter,
        format!(
            "holds the control character U+{:04X}; remove it",
            u32::from(found)
        ),
    ))
}
