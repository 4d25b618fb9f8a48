//! A table as a file to go on with: CSV and XLSX in machine form, with ISO dates and
//! amounts with a point, whatever the reader's language is.

pub(crate) use super::workbook::Cell;
use super::workbook::workbook;
use crate::page::*;
use kernel::no_formula;

kernel::words! {
    /// The form of a file.
    pub(crate) enum Form: "form of a file" {
        /// RFC 4180, in UTF-8.
        Csv = "csv",
        /// One sheet of a workbook.
        Xlsx = "xlsx",
    }
}

/// A cell that is looked for, not summed.
pub(crate) fn text(text: impl ToString) -> Cell {
    Cell::Text(text.to_string())
}

/// A cell that can be summed.
pub(crate) fn number(number: impl ToString) -> Cell {
    Cell::Number(number.to_string())
}

/// The last row of a file that holds only so many: nobody is to sum up a part unawares.
pub(crate) fn more(columns: &[&str], rows: u32) -> Vec<Cell> {
    let said = text(format!("MORE THAN {rows} ROWS: choose from and to"));
    let rest = columns.iter().skip(1).map(|_| text(""));
    std::iter::once(said).chain(rest).collect()
}

/// The file `stem` with these columns and rows.
pub(crate) fn send(
    form: Form,
    stem: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Answer {
    let head = columns.iter().map(text).collect();
    let all: Vec<Vec<Cell>> = std::iter::once(head).chain(rows).collect();
    let (kind, file) = match form {
        Form::Csv => ("text/csv; charset=utf-8", csv_of(&all)),
        Form::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            workbook(stem, &all),
        ),
    };
    download(kind, &format!("{stem}.{form}"), file)
}

/// What leads to the files at `at`, for the same query.
pub(crate) fn downloads(
    language: Language,
    at: &Address,
    query: &[(&str, &str)],
) -> Vec<(&'static str, String)> {
    let t = crate::words::Words::of(language);
    [(t.xlsx, Form::Xlsx), (t.csv, Form::Csv)]
        .map(|(name, form)| (name, access::with(at.of(form), query)))
        .into()
}

/// The rows as CSV. Text that a spreadsheet would take for a formula gets an apostrophe
/// before it.
pub(crate) fn csv_of(rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut file = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let field = |cell: &Cell| match cell {
            Cell::Number(number) => number.clone(),
            Cell::Text(text) => no_formula(text),
        };
        // What is written into memory cannot fail.
        let _ = file.write_record(row.iter().map(field));
    }
    file.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(cell: Cell) -> String {
        let file = String::from_utf8(csv_of(&[vec![cell]])).unwrap();
        file.trim_end_matches("\r\n").to_owned()
    }

    #[test]
    fn a_spreadsheet_finds_no_formula() {
        for formula in ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1"] {
            let field = field(text(formula));
            assert!(field.trim_start_matches('"').starts_with('\''), "{field}");
        }
        assert_eq!(field(text("a\"b,c")), "\"a\"\"b,c\"");
        assert_eq!(field(number("-1.50")), "-1.50");
    }
}
