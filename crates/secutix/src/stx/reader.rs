use super::parse::parse;
use super::{
    Column, Dialect, HeaderLine, InvalidDialect, RowProblem, RowRejection, Separator, StxRow, line,
};
use kernel::table::{self, Letters, NoTable, SEPARATORS};
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
    /// Its bytes are no table's.
    #[error("the STX_File cannot be read: {0}; then import it again")]
    NoTable(#[from] NoTable),
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
        "it names no column that is known; begin with INSTITUTION{separator}ORGANIZATION{separator}… or configure a dialect without header line"
    )]
    NotAHeader {
        /// The separator that is configured.
        separator: char,
    },
    /// A quotation mark opens and does not close.
    #[error("a quotation mark opens and does not close; remove it")]
    UnbalancedQuotes,
    /// A field that names no column.
    #[error(
        "field {field} names no column that is known here or in another import of the vendor's; correct or remove the column"
    )]
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

/// What people should know of how a file was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileNote {
    /// In the letters of Windows, because it is not UTF-8.
    WindowsLetters,
    /// Without these columns, which belong to other imports of the vendor's.
    Ignored(Vec<&'static str>),
}

impl fmt::Display for FileNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WindowsLetters => f.write_str(
                "the file is not UTF-8 and was read as Windows-1252; save it as \"CSV UTF-8\" if \
                 accents have become other letters",
            ),
            Self::Ignored(columns) => write!(
                f,
                "these columns belong to other imports and were not read: {}",
                columns.join(", ")
            ),
        }
    }
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
    /// What each field of a row is; nothing if it is not read.
    columns: Vec<Option<Column>>,
    /// As it is configured, but for the separator, which is the file's.
    dialect: Dialect,
    notes: Vec<FileNote>,
}

/// Takes an STX_File in. Nothing of it is given before all of it has been
/// found small enough, a text, and with a usable header line; so it is held in
/// memory. Its letters, separator and line ends are seen in it, or told by a line
/// like `sep=;`; blank lines are no matter.
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
    let (text, letters) = table::text_of(&bytes)?;
    let mut rows = StxRows {
        text,
        at: 0,
        line: 0,
        columns: dialect.columns.iter().copied().map(Some).collect(),
        dialect: dialect.clone(),
        notes: Vec::new(),
    };
    if letters == Letters::Windows1252 {
        rows.notes.push(FileNote::WindowsLetters);
    }
    let begin = (rows.at, rows.line);
    let told = rows
        .next_line()
        .and_then(|(_, text)| table::told_separator(text));
    match told {
        Some(told) => rows.dialect.separator = Separator::of(told),
        None => (rows.at, rows.line) = begin,
    }
    if dialect.header == HeaderLine::Present {
        let expected = rows.dialect.separator.as_char();
        let header = rows.next_line().ok_or_else(|| vec![HeaderProblem::Empty]);
        let read = header.and_then(|(_, header)| read_header(header, expected));
        let header = read.map_err(|problems| FileRefusal::Header { problems })?;
        rows.dialect.separator = Separator::of(header.separator);
        rows.columns = header.columns;
        if !header.ignored.is_empty() {
            rows.notes.push(FileNote::Ignored(header.ignored));
        }
    }
    Ok(rows)
}

/// What a header line says.
struct Header {
    separator: char,
    columns: Vec<Option<Column>>,
    ignored: Vec<&'static str>,
}

/// Reads a header line, by the separator that is expected if it names a column then,
/// else by another.
fn read_header(header: &str, expected: char) -> Result<Header, Vec<HeaderProblem>> {
    let names_one = |separator: &char| {
        line::split(header, *separator)
            .is_ok_and(|cells| cells.iter().any(|cell| Column::named(cell).is_some()))
    };
    let mut separators = [expected].into_iter().chain(SEPARATORS);
    let separator = separators.find(names_one).unwrap_or(expected);
    let cells =
        line::split(header, separator).map_err(|_| vec![HeaderProblem::UnbalancedQuotes])?;
    if !names_one(&separator) {
        return Err(vec![HeaderProblem::NotAHeader { separator }]);
    }
    let mut problems = Vec::new();
    let (mut columns, mut ignored) = (Vec::new(), Vec::new());
    for (index, cell) in cells.iter().enumerate() {
        let column = Column::named(cell);
        match column {
            Some(known) if columns.contains(&column) => {
                problems.push(HeaderProblem::DuplicateColumn(known));
            }
            Some(_) => {}
            // As spreadsheets leave them.
            None if cell.trim().is_empty() => {}
            None => match Column::of_a_sibling(cell) {
                Some(name) => ignored.push(name),
                None => problems.push(HeaderProblem::UnknownColumn { field: index + 1 }),
            },
        }
        columns.push(column);
    }
    let needed = Column::ALL.iter().filter(|column| !column.is_optional());
    let missing = needed.filter(|column| !columns.contains(&Some(**column)));
    problems.extend(missing.map(|column| HeaderProblem::MissingColumn(*column)));
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Header {
        separator,
        columns,
        ignored,
    })
}

impl StxRows {
    /// What people should know of how the file is read.
    #[must_use]
    pub fn notes(&self) -> &[FileNote] {
        &self.notes
    }

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
