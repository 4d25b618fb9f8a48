use super::parse::parse;
use super::{
    Column, Dialect, HeaderLine, InvalidDialect, RowProblem, RowReason, RowRejection, StxRow, line,
};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Seek};

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
/// [`RowRejection`] and does not end the iteration; an error is the disk's.
pub struct StxRows<R> {
    file: BufReader<R>,
    /// The number of the line read last.
    line: u64,
    columns: Vec<Column>,
    dialect: Dialect,
}

/// Takes an STX_File in. Nothing of it is given before all of it has been
/// found small enough, UTF-8, and with a usable header line; so it is read twice
/// from its beginning, and never held in memory. A byte-order mark, Windows line ends and blank lines
/// are no matter.
///
/// # Errors
/// See [`FileRefusal`].
pub fn read<R: Read + Seek>(file: R, dialect: &Dialect) -> Result<StxRows<R>, FileRefusal> {
    dialect.check()?;
    let mut file = BufReader::new(file);
    file.rewind()?;
    look_through(&mut file)?;
    file.rewind()?;
    let mut rows = StxRows {
        file,
        line: 0,
        columns: dialect.columns.clone(),
        dialect: dialect.clone(),
    };
    if dialect.header == HeaderLine::Present {
        rows.columns = rows
            .next_line()?
            .ok_or_else(|| vec![HeaderProblem::Empty])
            .and_then(|header| columns(&header.text, dialect.separator.as_char()))
            .map_err(|problems| FileRefusal::Header { problems })?;
    }
    Ok(rows)
}

/// Whether the whole file is small enough and UTF-8.
fn look_through(file: &mut impl BufRead) -> Result<(), FileRefusal> {
    let (mut bytes, mut line, mut piece) = (0, 1, Vec::new());
    loop {
        let read = read_piece(file, &mut piece)?;
        bytes += u64::try_from(read).unwrap_or(u64::MAX);
        if bytes > MAX_FILE_BYTES {
            return Err(FileRefusal::TooLarge);
        }
        let good = match str::from_utf8(&piece) {
            Ok(_) => piece.len(),
            // A long line may be cut within a character.
            Err(cut) if cut.error_len().is_none() && read > 0 => cut.valid_up_to(),
            Err(_) => return Err(FileRefusal::NotUtf8 { line }),
        };
        if read == 0 {
            return Ok(());
        }
        line += u64::from(piece.ends_with(b"\n"));
        piece.drain(..good);
    }
}

/// Reads on to the end of the line, or [`MAX_LINE_BYTES`] of it.
fn read_piece(file: &mut impl BufRead, piece: &mut Vec<u8>) -> io::Result<usize> {
    let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
    file.take(most).read_until(b'\n', piece)
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

/// A line without its end.
struct Line {
    text: String,
    /// What follows is not read.
    is_cut: bool,
}

impl<R: Read> StxRows<R> {
    /// The next line that is not blank; its number is the present one.
    fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        while read_piece(&mut self.file, &mut bytes)? > 0 {
            self.line += 1;
            let is_cut = !bytes.ends_with(b"\n") && self.file.skip_until(b'\n')? > 0;
            // All of it is UTF-8: only a cut, or whoever wrote into the file meanwhile,
            // leaves what is not.
            let text = String::from_utf8_lossy(&bytes);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            let mark = if self.line == 1 { "\u{feff}" } else { "" };
            let text = text.strip_prefix(mark).unwrap_or(text);
            if !text.trim().is_empty() {
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
            Err(vec![RowProblem::of_row(RowReason::TOO_LONG, long)])
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
