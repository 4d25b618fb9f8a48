use super::parse::parse;
use super::{
    Column, Dialect, HeaderLine, InvalidDialect, RowProblem, RowReason, RowRejection, Separator,
    StxRow, line,
};
use crate::mask::without_numbers;
use kernel::table::{self, AsUtf8, Letters, NoTable, SEPARATORS, Written};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The longest line that is read, in bytes: more than a row can have.
pub const MAX_LINE_BYTES: usize = 16 * 1024;

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
        "it names no column that is known; begin with INSTITUTION{separator}ORGANIZATION{separator}…, without a title or anything else above, or configure a dialect without header line"
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
        "field {field}, \"{name}\", names no column that is known here or in another import of the vendor's; correct or remove the column"
    )]
    UnknownColumn {
        /// Counted from 1.
        field: usize,
        /// What stands there.
        name: String,
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
/// [`RowRejection`] and does not end the iteration; an error is the disk's.
pub struct StxRows<R> {
    file: BufReader<AsUtf8<R>>,
    /// The number of the line read last.
    line: u64,
    /// That line, if it is still to be given.
    ahead: Option<Line>,
    /// What each field of a row is; nothing if it is not read.
    columns: Vec<Option<Column>>,
    /// As it is configured, but for the separator, which is the file's.
    dialect: Dialect,
    notes: Vec<FileNote>,
}

/// Takes an STX_File in. Nothing of it is given before all of it has been
/// found small enough, a text, and with a usable header line; so it is read twice
/// from its beginning, and never held in memory. Its letters, separator and line ends
/// are seen in it, or told by a line like `sep=;`; blank lines are no matter.
///
/// # Errors
/// See [`FileRefusal`].
pub fn read<R: Read + Seek>(mut file: R, dialect: &Dialect) -> Result<StxRows<R>, FileRefusal> {
    dialect.check()?;
    if file.seek(SeekFrom::End(0))? > MAX_FILE_BYTES {
        return Err(FileRefusal::TooLarge);
    }
    file.rewind()?;
    let written = Written::of(&mut file)??;
    file.rewind()?;
    let mut rows = StxRows {
        file: BufReader::new(AsUtf8::new(file, written)),
        line: 0,
        ahead: None,
        columns: dialect.columns.iter().copied().map(Some).collect(),
        dialect: dialect.clone(),
        notes: Vec::new(),
    };
    if written.letters == Letters::Windows1252 {
        rows.notes.push(FileNote::WindowsLetters);
    }
    let first = rows.next_line()?;
    match first
        .as_ref()
        .and_then(|line| table::told_separator(&line.text))
    {
        Some(told) => rows.dialect.separator = Separator::of(told),
        None => rows.ahead = first,
    }
    if dialect.header == HeaderLine::Present {
        let expected = rows.dialect.separator.as_char();
        let header = rows.next_line()?.ok_or_else(|| vec![HeaderProblem::Empty]);
        let read = header.and_then(|header| read_header(&header.text, expected));
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
                None => problems.push(HeaderProblem::UnknownColumn {
                    field: index + 1,
                    name: without_numbers(cell, 40),
                }),
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

/// Reads on to the end of the line, or [`MAX_LINE_BYTES`] of it.
fn read_piece(file: &mut impl BufRead, piece: &mut Vec<u8>) -> io::Result<usize> {
    let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
    file.take(most).read_until(b'\n', piece)
}

/// A line without its end.
struct Line {
    text: String,
    /// What follows is not read.
    is_cut: bool,
}

impl<R> StxRows<R> {
    /// What people should know of how the file is read.
    #[must_use]
    pub fn notes(&self) -> &[FileNote] {
        &self.notes
    }
}

impl<R: Read> StxRows<R> {
    /// The next line that is not blank; its number is the present one.
    fn next_line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.ahead.take() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        while read_piece(&mut self.file, &mut bytes)? > 0 {
            self.line += 1;
            let is_cut = !bytes.ends_with(b"\n") && self.file.skip_until(b'\n')? > 0;
            // Only a cut leaves half a letter.
            let text = String::from_utf8_lossy(&bytes);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.trim_end_matches('\r');
            // A spreadsheet's empty row has its separators.
            if !text
                .trim_matches(|c: char| c.is_whitespace() || SEPARATORS.contains(&c))
                .is_empty()
            {
                let text = text.to_owned();
                return Ok(Some(Line { text, is_cut }));
            }
            bytes.clear();
        }
        Ok(None)
    }

    fn row(&self, Line { text, is_cut }: Line) -> Result<ReadRow, RowRejection> {
        let line = self.line;
        let parsed = if is_cut {
            let long = format!("has more than {MAX_LINE_BYTES} bytes; correct it");
            Err(vec![RowProblem::of_row(RowReason::TooLong, long)])
        } else {
            parse(&text, &self.columns, &self.dialect)
        };
        match parsed {
            Ok(row) => Ok(ReadRow { line, text, row }),
            Err(problems) => Err(RowRejection {
                line,
                text,
                problems,
            }),
        }
    }
}

impl<R: Read> Iterator for StxRows<R> {
    type Item = io::Result<Result<ReadRow, RowRejection>>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.next_line().transpose()?;
        Some(line.map(|line| self.row(line)))
    }
}

impl<R> fmt::Debug for StxRows<R> {
    /// Without the text, which holds barcodes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StxRows")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
