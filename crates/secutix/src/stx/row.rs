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

/// One row: one ticket. See [`Column`](super::Column) for the meaning of the fields.
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
