use super::{Column, Dialect, line};
use kernel::no_formula;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};

/// Why a row is rejected: a stable code for programs, in snake_case. Who
/// imports rows adds codes of his own with [`RowReason::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowReason(&'static str);

impl RowReason {
    /// Too few or too many fields.
    pub const WRONG_FIELD_COUNT: Self = Self("wrong_field_count");
    /// A quotation mark opens and does not close, or closes in mid-field.
    pub const UNBALANCED_QUOTES: Self = Self("unbalanced_quotes");
    /// A field that every row needs is empty.
    pub const MISSING_VALUE: Self = Self("missing_value");
    /// More characters than the field may have.
    pub const TOO_LONG: Self = Self("too_long");
    /// A character the field cannot hold.
    pub const FORBIDDEN_CHARACTER: Self = Self("forbidden_character");
    /// None of the words the field allows.
    pub const UNKNOWN_VALUE: Self = Self("unknown_value");
    /// Not a moment in time.
    pub const INVALID_DATE: Self = Self("invalid_date");
    /// Not a whole number.
    pub const INVALID_NUMBER: Self = Self("invalid_number");
    /// A number that a spreadsheet has shortened.
    pub const SHORTENED: Self = Self("shortened_by_spreadsheet");
    /// A number that is too small or too large.
    pub const OUT_OF_RANGE: Self = Self("out_of_range");
    /// A payment date though the price is 0.
    pub const PAYMENT_DATE_WITHOUT_PRICE: Self = Self("payment_date_without_price");
    /// Printed or controlled, and no generation date.
    pub const GENERATION_DATE_MISSING: Self = Self("generation_date_missing");
    /// Printed or controlled, and no shipment mode.
    pub const SHIPMENT_MODE_MISSING: Self = Self("shipment_mode_missing");
    /// A value in a column that the dialect does not write.
    pub const COLUMN_NOT_WRITTEN: Self = Self("column_not_written");

    /// A reason of the importer's own.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self(code)
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RowReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
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
    let mut codes: Vec<&str> = problems.iter().map(|p| p.reason.code()).collect();
    let mut seen = BTreeSet::new();
    codes.retain(|code| seen.insert(*code));
    codes.join(",")
}

/// The report on a file: `LINE;REASON;EXPLANATION;ROW`, one line for each
/// rejected row. Several reasons of one row are joined by commas. The rows are
/// as they were, so that they can be corrected and imported again.
#[derive(Debug)]
pub struct RejectionReport<W> {
    sink: W,
    separator: char,
}

impl<W: Write> RejectionReport<W> {
    /// Starts a report with its header line, in the separator of `dialect`.
    ///
    /// # Errors
    /// If the sink does not take it.
    pub fn new(mut sink: W, dialect: &Dialect) -> io::Result<Self> {
        let separator = dialect.separator.as_char();
        let header = line::join(["LINE", "REASON", "EXPLANATION", "ROW"], separator);
        sink.write_all(header.as_bytes())?;
        Ok(Self { sink, separator })
    }

    /// Adds a rejected row, with the [`reasons`] and [`explanations`] of its problems.
    ///
    /// # Errors
    /// If the sink does not take it.
    pub fn write(
        &mut self,
        line: u64,
        reasons: &str,
        explanations: &str,
        row: &str,
    ) -> io::Result<()> {
        let line = line.to_string();
        let row = no_formula(row);
        let line = line::join([&line, reasons, explanations, &row], self.separator);
        self.sink.write_all(line.as_bytes())
    }

    /// Says how many more rows were rejected, if there are any.
    ///
    /// # Errors
    /// If the sink does not take it.
    pub fn and_more(&mut self, count: u64) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let told = format!(
            "and {count} more rejected rows, which are not kept; correct these and import the \
             file again"
        );
        let line = line::join(["", "and_more", &told, ""], self.separator);
        self.sink.write_all(line.as_bytes())
    }

    /// Flushes and gives back the sink.
    ///
    /// # Errors
    /// If the sink does not take what is left.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.flush()?;
        Ok(self.sink)
    }
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
            let mut report = RejectionReport::new(Vec::new(), &Dialect::default()).unwrap();
            report.write(2, "", "", row).unwrap();
            let report = String::from_utf8(report.finish().unwrap()).unwrap();
            let (_, cell) = report.rsplit_once(";;").unwrap();
            let cell = cell.trim_start_matches('"');
            assert!(cell.starts_with(shown), "{report}");
        }
    }
}
