use super::{Column, Dialect, line};
use kernel::no_formula;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

kernel::words! {
    /// Why a row is rejected: a stable code for programs. The later ones only the
    /// importer gives, who knows the catalogue and the books.
    pub enum RowReason: "reason of a rejected row" {
        /// Too few or too many fields.
        WrongFieldCount = "wrong_field_count",
        /// A quotation mark opens and does not close, or closes in mid-field.
        UnbalancedQuotes = "unbalanced_quotes",
        /// A field that every row needs is empty.
        MissingValue = "missing_value",
        /// More characters than the field may have.
        TooLong = "too_long",
        /// A character the field cannot hold.
        ForbiddenCharacter = "forbidden_character",
        /// None of the words the field allows.
        UnknownValue = "unknown_value",
        /// Not a moment in time.
        InvalidDate = "invalid_date",
        /// Not a whole number.
        InvalidNumber = "invalid_number",
        /// A number that a spreadsheet has shortened.
        Shortened = "shortened_by_spreadsheet",
        /// A number that is too small or too large.
        OutOfRange = "out_of_range",
        /// A payment date though the price is 0.
        PaymentDateWithoutPrice = "payment_date_without_price",
        /// Printed or controlled, and no generation date.
        GenerationDateMissing = "generation_date_missing",
        /// Printed or controlled, and no shipment mode.
        ShipmentModeMissing = "shipment_mode_missing",
        /// Another institution's.
        InstitutionMismatch = "institution_mismatch",
        /// Another organisation's.
        OrganisationMismatch = "organisation_mismatch",
        /// A reservation.
        OperationNotSale = "operation_not_sale",
        /// No gate has seen it.
        StateNotControlled = "state_not_controlled",
        /// A scan that has not been yet.
        ScanToCome = "scan_to_come",
        /// A season that the catalogue does not have.
        SeasonUnknown = "season_unknown",
        /// A product that the catalogue's season does not have.
        ProductUnknown = "product_unknown",
        /// A product of another family.
        NotOpenPass = "not_open_pass",
        /// A tariff that the product does not have.
        TariffUnknown = "tariff_unknown",
        /// A tariff without a price on that day.
        TariffNotValid = "tariff_not_valid",
        /// Another price than the tariff's.
        PriceMismatch = "price_mismatch",
        /// Another rate than the tariff's.
        VatMismatch = "vat_mismatch",
        /// A code that would be known with zeros in front.
        ZerosLost = "leading_zeros_lost",
        /// No buyer.
        BuyerAnonymous = "buyer_anonymous",
        /// A buyer that the catalogue does not have.
        ContactUnknown = "contact_unknown",
        /// A buyer without a pending account.
        ContactMayNotPayLater = "contact_without_pending_account",
        /// A barcode that was sold or staged otherwise.
        BarcodeConflict = "barcode_conflict",
        /// The entry was taken back before it was sold.
        BarcodeCancelled = "barcode_cancelled",
        /// An order of another buyer or date has the number.
        OrderNumberTaken = "order_number_taken",
    }
}

/// One mistake in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Where; `None` if it concerns the row as a whole.
    pub column: Option<Column>,
    /// What, for programs.
    pub reason: RowReason,
    /// What and what to do, for people; follows the column's name. Holds no
    /// barcode.
    pub explanation: Cow<'static, str>,
}

impl RowProblem {
    /// A mistake in `column`.
    #[must_use]
    pub fn of(
        column: Column,
        reason: RowReason,
        explanation: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            column: Some(column),
            reason,
            explanation: explanation.into(),
        }
    }

    /// A mistake of the whole row.
    #[must_use]
    pub fn of_row(reason: RowReason, explanation: impl Into<Cow<'static, str>>) -> Self {
        Self {
            column: None,
            reason,
            explanation: explanation.into(),
        }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{column} {}", self.explanation),
            None => f.write_str(&self.explanation),
        }
    }
}

/// A row that is not taken, with all its mistakes.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}", explanations(.problems))]
pub struct RowRejection {
    /// Its line in the file; the header line is 1.
    pub line: u64,
    /// The line as it stands in the file, with the barcode: never for a log.
    pub text: String,
    /// At least one.
    pub problems: Vec<RowProblem>,
}

impl fmt::Debug for RowRejection {
    /// Without the text, which holds a barcode.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowRejection")
            .field("line", &self.line)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

/// All explanations, one sentence each.
#[must_use]
pub fn explanations(problems: &[RowProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join(". ")
}

/// The codes of all reasons, each once.
#[must_use]
pub fn reasons(problems: &[RowProblem]) -> String {
    let mut codes: Vec<&str> = problems.iter().map(|p| p.reason.as_str()).collect();
    let mut seen = BTreeSet::new();
    codes.retain(|code| seen.insert(*code));
    codes.join(",")
}

/// A rejected row in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRow {
    /// Its line in the file.
    pub line: u64,
    /// The [`reasons`] of its problems.
    pub reasons: String,
    /// Their [`explanations`].
    pub explanations: String,
    /// The line as it stands in the file.
    pub text: String,
}

/// The report on a file: `LINE;REASON;EXPLANATION;ROW` in the separator of `dialect`, one
/// line for each rejected row, and one that says how many more there are. The rows are
/// as they were, so that they can be corrected and imported again.
#[must_use]
pub fn report(rejected: &[ReportedRow], more: u64, dialect: &Dialect) -> String {
    let line = |cells: [&str; 4]| line::join(cells, dialect.separator.as_char());
    let mut report = line(["LINE", "REASON", "EXPLANATION", "ROW"]);
    for row in rejected {
        let (number, text) = (row.line.to_string(), no_formula(&row.text));
        report += &line([&number, &row.reasons, &row.explanations, &text]);
    }
    if more > 0 {
        let told = format!(
            "and {more} more rejected rows, which are not kept; correct these and import the \
             file again"
        );
        report += &line(["", "and_more", &told, ""]);
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_finds_no_formula_in_a_rejected_row() {
        for (row, shown) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("VN;ORG", "VN;ORG"),
        ] {
            let row = ReportedRow {
                line: 2,
                reasons: String::new(),
                explanations: String::new(),
                text: row.to_owned(),
            };
            let report = report(&[row], 0, &Dialect::default());
            let (_, cell) = report.rsplit_once(";;").unwrap();
            let cell = cell.trim_start_matches('"');
            assert!(cell.starts_with(shown), "{report}");
        }
    }
}
