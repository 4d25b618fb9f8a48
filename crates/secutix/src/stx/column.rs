kernel::words! {
    /// A column of the STX_File, in the order of [`Column::ALL`] unless the
    /// dialect or the header line says otherwise. Names and meanings come
    /// from the published sibling imports.
    pub enum Column: "column of the STX_File" {
        /// The institution's code, at most 15 characters.
        Institution = "INSTITUTION",
        /// The organisation's code, at most 15 characters.
        Organisation = "ORGANIZATION",
        /// The reseller's order number; rows that share it are one order.
        OrderNumber = "ORDER_NR",
        /// When it was ordered.
        OrderDate = "ORDER_DATE",
        /// `SALE` or `RESERVATION`.
        Operation = "OPERATION_TYPE",
        /// Free text, at most 2,000 characters; may be empty.
        Remark = "REMARK",
        /// The buying contact: digits, leading zeros matter.
        BuyingContact = "BUYING_CONTACT_NR",
        /// The season's code.
        Season = "SEASON",
        /// The product's code, at most 8 characters. Read as `EVENT` too, its name
        /// in the import of single entries.
        Product = "PRODUCT",
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
            Self::Remark
                | Self::PaymentDate
                | Self::GenerationDate
                | Self::TaxNumber
                | Self::ShipmentDate
                | Self::ShipmentMode
        )
    }

    /// The column a header cell names, in any case.
    pub(super) fn named(cell: &str) -> Option<Self> {
        let cell = cell.trim();
        if cell.eq_ignore_ascii_case("EVENT") {
            return Some(Self::Product);
        }
        let mut all = Self::ALL.into_iter();
        all.find(|column| column.as_str().eq_ignore_ascii_case(cell))
    }
}
