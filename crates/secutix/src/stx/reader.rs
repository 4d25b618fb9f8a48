use super::parse::parse;
use super::{Column, Dialect, HeaderLine, InvalidDialect, RowProblem, RowRejection, StxRow, line};
use std::fmt;
use std::io::{self, Read};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Why a whole file is refused, before any of its rows is given.
#[derive(Debug, thiserror::Error)]
pub enum FileRefusal {
    /// It cannot be read.
    #[error("the STX_File cannot be read; check that it exists and may be read")]
    Io(#[from] io::Error),
    /// More than [`MAX_FILE_BYTES`].
    #[error("the STX_File has more than {} MiB; split it", MAX_FILE_BYTES / (1024 * 1024))]
    TooLarge,
    /// Not UTF-8.
    #[error(
        "the STX_File is not UTF-8 at line {line}; save it as \"CSV UTF-8\" and import it again"
    )]
    NotUtf8 {
        /// The first line that is not.
        line: u64,
    },
    /// The header line cannot be used.
    #[error("the STX_File's header line cannot be used: {}", header_problems(.problems))]
    Header {
        /// All that is wrong with it.
        problems: Vec<HeaderProblem>,
    },
    /// The dialect cannot be used.
    #[error(transparent)]
    Dialect(#[from] InvalidDialect),
}

/// What is wrong with a header line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// There is no line at all.
    #[error("the file is empty; export it again")]
    Empty,
    /// None of its fields names a column.
    #[error(
        "it names no column that is known; begin with INSTITUTION{separator}ORGANIZATION{separator}… or configure a dialect with this separator, or without header line"
    )]
    NotAHeader {
        /// The separator that was expected.
        separator: char,
    },
    /// A quotation mark opens and does not close.
    #[error("a quotation mark opens and does not close; remove it")]
    UnbalancedQuotes,
    /// A field that names no column.
    #[error("field {field} names no column that is known; correct or remove the column")]
    UnknownColumn {
        /// Counted from 1.
        field: usize,
    },
    /// A column that is named twice.
    #[error("{0} is named twice; remove one")]
    DuplicateColumn(Column),
    /// A column that every row needs is not named.
    #[error("{0} is missing; add it")]
    MissingColumn(Column),
}

fn header_problems(problems: &[HeaderProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join(". ")
}

/// A row that was read, with its place in the file.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// Its line in the file; the header line is 1.
    pub line: u64,
    /// The line as it stands in the file, with the barcode.
    pub text: String,
    /// The row.
    pub row: StxRow,
}

impl ReadRow {
    /// Rejects the row for reasons only the importer knows, such as a product
    /// the catalogue does not have.
    #[must_use]
    pub fn reject(self, problems: Vec<RowProblem>) -> RowRejection {
        RowRejection {
            line: self.line,
            text: self.text,
            problems,
        }
    }
}

impl fmt::Debug for ReadRow {
    /// Without the text, which holds a barcode.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRow")
            .field("line", &self.line)
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

/// The rows of a file, read one at a time. A row with mistakes comes as a
/// [`RowRejection`] and does not end the iteration.
pub struct StxRows {
    text: String,
    /// Where in `text` the next line begins.
    at: usize,
    /// The number of the line read last.
    line: u64,
    columns: Vec<Column>,
    dialect: Dialect,
}

/// Takes an STX_File in. Nothing of it is given before all of it has been
/// found small enough, UTF-8, and with a usable header line; so it is held in
/// memory. A byte-order mark, Windows line ends and blank lines are no matter.
///
/// # Errors
/// See [`FileRefusal`].
pub fn read(file: impl Read, dialect: &Dialect) -> Result<StxRows, FileRefusal> {
    dialect.check()?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(FileRefusal::TooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let lines_before = good.iter().filter(|&&byte| byte == b'\n').count();
        FileRefusal::NotUtf8 {
            line: u64::try_from(lines_before)
                .unwrap_or(u64::MAX)
                .saturating_add(1),
        }
    })?;
    let mut rows = StxRows {
        at: if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        },
        text,
        line: 0,
        columns: dialect.columns.clone(),
        dialect: dialect.clone(),
    };
    if dialect.header == HeaderLine::Present {
        rows.columns = rows
            .next_line()
            .ok_or_else(|| vec![HeaderProblem::Empty])
            .and_then(|(_, header)| columns(header, dialect.separator.as_char()))
            .map_err(|problems| FileRefusal::Header { problems })?;
    }
    Ok(rows)
}

/// The columns a header line names.
fn columns(header: &str, separator: char) -> Result<Vec<Column>, Vec<HeaderProblem>> {
    let cells =
        line::split(header, separator).map_err(|_| vec![HeaderProblem::UnbalancedQuotes])?;
    let named: Vec<Option<Column>> = cells.iter().map(|cell| Column::named(cell)).collect();
    if named.iter().all(Option::is_none) {
        return Err(vec![HeaderProblem::NotAHeader { separator }]);
    }
    let mut problems = Vec::new();
    let mut columns = Vec::new();
    for (index, column) in named.into_iter().enumerate() {
        match column {
            None => problems.push(HeaderProblem::UnknownColumn { field: index + 1 }),
            Some(column) if columns.contains(&column) => {
                problems.push(HeaderProblem::DuplicateColumn(column));
            }
            Some(column) => columns.push(column),
        }
    }
    let needed = Column::ALL.iter().filter(|column| !column.is_optional());
    let missing = needed.filter(|column| !columns.contains(column));
    problems.extend(missing.map(|column| HeaderProblem::MissingColumn(*column)));
    if problems.is_empty() {
        Ok(columns)
    } else {
        Err(problems)
    }
}

impl StxRows {
    /// The next line that is not blank, with its number and without its end.
    fn next_line(&mut self) -> Option<(u64, &str)> {
        while self.at < self.text.len() {
            let start = self.at;
            let rest = &self.text[start..];
            let length = rest.find('\n').unwrap_or(rest.len());
            self.at = start + length + 1;
            self.line += 1;
            let end = start
                + rest[..length]
                    .strip_suffix('\r')
                    .unwrap_or(&rest[..length])
                    .len();
            if !self.text[start..end].trim().is_empty() {
                return Some((self.line, &self.text[start..end]));
            }
        }
        None
    }
}

impl Iterator for StxRows {
    type Item = Result<ReadRow, RowRejection>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, text) = self.next_line()?;
        let text = text.to_owned();
        Some(match parse(&text, &self.columns, &self.dialect) {
            Ok(row) => Ok(ReadRow { line, text, row }),
            Err(problems) => Err(RowRejection {
                line,
                text,
                problems,
            }),
        })
    }
}

impl fmt::Debug for StxRows {
    /// Without the text, which holds barcodes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StxRows")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
