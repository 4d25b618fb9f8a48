//! A table as a file to go on with: CSV and XLSX in machine form, with ISO dates and
//! amounts with a point, whatever the reader's language is; only what the file is called is in it.

pub(crate) use super::workbook::Cell;
use super::workbook::workbook;
use crate::page::*;
use kernel::no_formula;

kernel::texts!(Stems in Fr, En {
    attendance: "frequentation", "attendance";
    audit: "journal-audit", "audit-log";
    checks: "controles", "checks";
    reconciliation: "rapprochement", "reconciliation";
    report: "rapport", "report";
    sales: "ventes", "sales";
    site: "tableau-du-site", "site-table";
    statement: "releve", "statement";
});

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

/// The same, if there is something.
pub(crate) fn maybe(found: Option<impl ToString>) -> Cell {
    text(found.map_or(String::new(), |found| found.to_string()))
}

/// A cell that can be summed.
pub(crate) fn number(number: impl ToString) -> Cell {
    Cell::Number(number.to_string())
}

/// What stands in a column, of a row.
pub(crate) type Of<'a, R> = &'a dyn Fn(&R) -> Cell;

/// A column: its name, and what stands there.
pub(crate) type Column<'a, R> = (&'static str, Of<'a, R>);

/// The most rows of a file of a list; `from` and `to` choose others.
pub(crate) const LIST_ROWS: u32 = 50_000;

/// These columns of the rows.
pub(crate) fn cells<R>(columns: &[Column<'_, R>], rows: &[R]) -> Vec<Vec<Cell>> {
    let row = |row: &R| columns.iter().map(|(_, of)| of(row)).collect();
    rows.iter().map(row).collect()
}

/// The same, below the columns' names.
pub(crate) fn table<R>(columns: &[Column<'_, R>], rows: &[R]) -> Vec<Vec<Cell>> {
    let mut table = cells(columns, rows);
    table.insert(0, columns.iter().map(|(name, _)| text(name)).collect());
    table
}

/// The file `stem` of the first [`LIST_ROWS`] of these rows.
pub(crate) fn send_list<R>(
    form: Form,
    stem: &str,
    columns: &[Column<'_, R>],
    mut rows: Vec<R>,
) -> Answer {
    let is_more = cut(&mut rows, LIST_ROWS as usize).is_some();
    let mut table = table(columns, &rows);
    if is_more {
        // Nobody is to sum up a part unawares.
        let mut last = vec![text(""); columns.len()];
        last[0] = text(format!("MORE THAN {LIST_ROWS} ROWS: choose from and to"));
        table.push(last);
    }
    send(form, stem, &table)
}

/// The file `stem` of this table.
pub(crate) fn send(form: Form, stem: &str, table: &[Vec<Cell>]) -> Answer {
    let (kind, file) = match form {
        Form::Csv => ("text/csv; charset=utf-8", csv_of(table)),
        Form::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            workbook(stem, table),
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
