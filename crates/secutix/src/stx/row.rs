use super::{Column, RowProblem, RowReason};
use kernel::{
    ContactNumber, ControlBarcode, InstitutionCode, Money, OrderNumber, OrganisationCode,
    ProductCode, SeasonCode, TariffCode, Timestamp, VatRate,
};

/// The most characters of a remark. Documented.
pub const MAX_REMARK_CHARS: usize = 2_000;
/// The most characters of a tax number. Documented.
pub const MAX_TAX_NUMBER_CHARS: usize = 50;
/// The most characters of a shipment mode. Documented.
pub const MAX_SHIPMENT_MODE_CHARS: usize = 50;
/// The highest price of one ticket: ten million currency units. Assumed; above
/// it is a slip of the pen.
pub const MAX_PRICE: Money = Money::from_minor(1_000_000_000);
/// The highest VAT rate: 100 %.
pub const MAX_VAT: VatRate = VatRate::from_basis_points(10_000);

kernel::words! {
    /// `OPERATION_TYPE`.
    pub enum Operation: "type of operation" {
        /// Sold.
        Sale = "SALE",
        /// Reserved.
        Reservation = "RESERVATION",
    }
}

kernel::words! {
    /// `TICKET_STATE`.
    pub enum TicketState: "state of a ticket" {
        /// Not printed.
        NotPrinted = "NOT_PRINTED",
        /// Printed.
        Printed = "PRINTED",
        /// Used at a gate.
        Controlled = "CONTROLLED",
    }
}

/// One row: one ticket. See [`Column`] for the meaning of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StxRow {
    /// The institution.
    pub institution: InstitutionCode,
    /// The organisation.
    pub organisation: OrganisationCode,
    /// Rows that share it are one order; a row without is one of its own.
    pub order_number: Option<OrderNumber>,
    /// When it was ordered.
    pub order_date: Timestamp,
    /// Sold or reserved.
    pub operation: Operation,
    /// Free text on one line, at most [`MAX_REMARK_CHARS`]; may be empty.
    pub remark: String,
    /// Who buys; nobody that is known by number, if none.
    pub buying_contact: Option<ContactNumber>,
    /// The season.
    pub season: SeasonCode,
    /// The product.
    pub product: ProductCode,
    /// The tariff.
    pub tariff: TariffCode,
    /// The price with VAT, 0 to [`MAX_PRICE`].
    pub price: Money,
    /// The VAT rate, at most [`MAX_VAT`].
    pub vat: VatRate,
    /// When it was paid; none if the price is 0.
    pub payment_date: Option<Timestamp>,
    /// How far the ticket has come.
    pub ticket_state: TicketState,
    /// When it was printed; for a controlled ticket, the time of the scan.
    pub generation_date: Option<Timestamp>,
    /// The control barcode.
    pub barcode: ControlBarcode,
    /// The tax number, not empty, at most [`MAX_TAX_NUMBER_CHARS`].
    pub tax_number: Option<String>,
    /// When it was shipped; with `None`, at the order date.
    pub shipment_date: Option<Timestamp>,
    /// How it was shipped, not empty, at most [`MAX_SHIPMENT_MODE_CHARS`].
    pub shipment_mode: Option<String>,
}

impl StxRow {
    /// Every rule of the format that this row breaks. The reader gives no row
    /// that breaks one, the writer takes none.
    #[must_use]
    pub fn problems(&self) -> Vec<RowProblem> {
        let mut problems = Vec::new();
        problems.extend(text_problem(Column::Remark, &self.remark, MAX_REMARK_CHARS));
        for (column, text, limit) in [
            (Column::TaxNumber, &self.tax_number, MAX_TAX_NUMBER_CHARS),
            (
                Column::ShipmentMode,
                &self.shipment_mode,
                MAX_SHIPMENT_MODE_CHARS,
            ),
        ] {
            let Some(text) = text else { continue };
            problems.extend(text_problem(column, text, limit));
            if text.is_empty() || text.trim() != text {
                problems.push(RowProblem::of(
                    column,
                    RowReason::FORBIDDEN_CHARACTER,
                    "is empty or has blanks around it; leave it out or trim it",
                ));
            }
        }
        problems.extend(self.buying_contact.as_ref().and_then(contact_problem));
        problems.extend(price_problem(self.price));
        problems.extend(vat_problem(self.vat));
        problems.extend(
            Conditions {
                price: Some(self.price),
                ticket_state: Some(self.ticket_state),
                has_payment_date: self.payment_date.is_some(),
                has_generation_date: self.generation_date.is_some(),
                has_shipment_mode: self.shipment_mode.is_some(),
            }
            .problems(),
        );
        problems
    }
}

/// What the rules between fields look at: whether something stands in a field, be it
/// right or wrong. A price or state that could not be read is `None` and breaks no
/// further rule.
pub(super) struct Conditions {
    pub price: Option<Money>,
    pub ticket_state: Option<TicketState>,
    pub has_payment_date: bool,
    pub has_generation_date: bool,
    pub has_shipment_mode: bool,
}

impl Conditions {
    pub(super) fn problems(&self) -> Vec<RowProblem> {
        let mut problems = Vec::new();
        if self.price == Some(Money::ZERO) && self.has_payment_date {
            problems.push(RowProblem::of(
                Column::PaymentDate,
                RowReason::PAYMENT_DATE_WITHOUT_PRICE,
                "is filled though the price is 0; leave it empty or correct the price",
            ));
        }
        if let Some(state @ (TicketState::Printed | TicketState::Controlled)) = self.ticket_state {
            for (column, is_filled, reason) in [
                (
                    Column::GenerationDate,
                    self.has_generation_date,
                    RowReason::GENERATION_DATE_MISSING,
                ),
                (
                    Column::ShipmentMode,
                    self.has_shipment_mode,
                    RowReason::SHIPMENT_MODE_MISSING,
                ),
            ] {
                if !is_filled {
                    problems.push(RowProblem::of(
                        column,
                        reason,
                        format!(
                            "is empty though the ticket is {}; fill it or correct the state",
                            state.as_str()
                        ),
                    ));
                }
            }
        }
        problems
    }
}

/// What is wrong with a free text.
pub(super) fn text_problem(column: Column, text: &str, limit: usize) -> Option<RowProblem> {
    if let Some(problem) = control_character_problem(column, text) {
        return Some(problem);
    }
    let length = text.chars().count();
    (length > limit).then(|| {
        RowProblem::of(
            column,
            RowReason::TOO_LONG,
            format!("has {length} characters; shorten it to {limit}"),
        )
    })
}

pub(super) fn control_character_problem(column: Column, text: &str) -> Option<RowProblem> {
    let found = text.chars().find(|c| c.is_control())?;
    Some(RowProblem::of(
        column,
        RowReason::FORBIDDEN_CHARACTER,
        format!(
            "holds the control character U+{:04X}; remove it",
            u32::from(found)
        ),
    ))
}

pub(super) fn contact_problem(contact: &ContactNumber) -> Option<RowProblem> {
    let digits = contact.as_str().bytes().all(|b| b.is_ascii_digit());
    (!digits).then(|| {
        RowProblem::of(
            Column::BuyingContact,
            RowReason::INVALID_NUMBER,
            "is no contact number; write its digits only, with the leading zeros",
        )
    })
}

pub(super) fn price_problem(price: Money) -> Option<RowProblem> {
    (!(Money::ZERO..=MAX_PRICE).contains(&price)).then(|| {
        RowProblem::of(
            Column::Price,
            RowReason::OUT_OF_RANGE,
            format!("is below 0 or above {MAX_PRICE}; correct it"),
        )
    })
}

pub(super) fn vat_problem(vat: VatRate) -> Option<RowProblem> {
    (vat > MAX_VAT).then(|| {
        RowProblem::of(
            Column::Vat,
            RowReason::OUT_OF_RANGE,
            "is above 100 %; write the rate × 100, such as 550 for 5.5 %",
        )
    })
}
