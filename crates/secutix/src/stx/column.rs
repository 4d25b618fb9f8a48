kernel::words! {
    /// A column of the STX_File, in the order of [`Column::ALL`] unless the
    /// dialect or the header line says otherwise. Names and meanings come
    /// from the published sibling imports.
    pub enum Column: "column of the STX_File" {
        /// The institution's code, at most 15 characters.
        Institution = "INSTITUTION",
        /// The organisation's code, at most 15 characters; the institution's if empty.
        Organisation = "ORGANIZATION",
        /// The reseller's order number; rows that share it are one order. A row
        /// without one is an order of its own.
        OrderNumber = "ORDER_NR",
        /// The day it was ordered; if empty, that of its ticket.
        OrderDate = "ORDER_DATE",
        /// `SALE` or `RESERVATION`.
        Operation = "OPERATION_TYPE",
        /// Free text, at most 2,000 characters; may be empty.
        Remark = "REMARK",
        /// The buying contact: digits, leading zeros matter. An anonymous buyer if
        /// empty.
        BuyingContact = "BUYING_CONTACT_NR",
        /// The season's code.
        Season = "SEASON",
        /// The product's code, at most 8 characters. Read as `PRODUCT` too.
        Product = "EVENT",
        /// The tariff's code.
        Tariff = "TARIFF",
        /// The price with VAT, multiplied by the dialect's price factor.
        Price = "PRICE",
        /// The VAT rate × 100: 1 % = 100.
        Vat = "VAT",
        /// When it was paid; empty if the price is 0.
        PaymentDate = "PAYMENT_DATE",
        /// `NOT_PRINTED`, `PRINTED` or `CONTROLLED`.
        TicketState = "TICKET_STATE",
        /// When it was printed, or controlled if it was; mandatory in both cases.
        GenerationDate = "GENERATION_DATE",
        /// The barcode, at most 50 characters.
        Barcode = "BARCODE",
        /// The tax number; may be empty.
        TaxNumber = "TAX_NUMBER",
        /// When it was shipped; the order date if empty.
        ShipmentDate = "SHIPMENT_DATE",
        /// How it was shipped; mandatory if printed or controlled.
        ShipmentMode = "SHIPMENT_MODE",
    }
}

impl Column {
    /// Whether a file may leave the column out, and a row leave it empty.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(
            self,
            Self::Organisation
                | Self::OrderNumber
                | Self::OrderDate
                | Self::Remark
                | Self::BuyingContact
                | Self::PaymentDate
                | Self::GenerationDate
                | Self::TaxNumber
                | Self::ShipmentDate
                | Self::ShipmentMode
        )
    }

    /// Whether a day is enough, where dates are written without time. Documented.
    #[must_use]
    pub const fn is_day(self) -> bool {
        matches!(
            self,
            Self::OrderDate | Self::PaymentDate | Self::ShipmentDate
        )
    }

    /// The column a header cell names, in any case.
    pub(super) fn named(cell: &str) -> Option<Self> {
        let cell = cell.trim();
        let is = |name: &str| name.eq_ignore_ascii_case(cell);
        let other = OTHER_NAMES.iter().find(|(name, _)| is(name));
        let mut all = Self::ALL.into_iter();
        other
            .map(|(_, column)| *column)
            .or_else(|| all.find(|column| is(column.as_str())))
    }

    /// The column of a sibling import that a header cell names.
    pub(super) fn of_a_sibling(cell: &str) -> Option<&'static str> {
        let cell = cell.trim();
        let mut known = OF_SIBLINGS.into_iter();
        known.find(|name| name.eq_ignore_ascii_case(cell))
    }
}

/// Other names of the same columns, in older documents and in ours.
const OTHER_NAMES: [(&str, Column); 3] = [
    ("PRODUCT", Column::Product),
    ("EVENT_CODE", Column::Product),
    ("SEASON_CODE", Column::Season),
];

/// What the imports of single entries and season tickets have besides. Documented;
/// nothing of it concerns the sale of a pass.
const OF_SIBLINGS: [&str; 15] = [
    "CONFIRMATION_DATE",
    "ORIGIN_COUNTRY",
    "ORIGIN_REGION",
    "ORIGIN_ZIPCODE",
    "CULTURAL_CONTACT_NR",
    "FIRST_NAME",
    "LAST_NAME",
    "START_TIME",
    "STARTTIME",
    "SEAT_NUMBER",
    "CONTINGENT",
    "SEATCAT_CODE",
    "ST_NUMBER",
    "ST_CODE",
    "PRICE_LEVEL",
];
