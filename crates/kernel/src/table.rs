//! Tables as people have them: what spreadsheets and other programs save, before
//! anybody asks what stands in the cells. Whoever reads a table begins here.

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::{self, Read};

/// How many bytes are looked at together.
const PIECE: usize = 64 * 1024;
/// How many bytes tell what kind of file it is.
const HEAD: usize = 64;

/// How a file writes its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16, little end first: what spreadsheets call Unicode text.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// Windows-1252: what spreadsheets on Windows save where nobody asks for UTF-8.
    Windows1252,
}

impl Letters {
    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Windows1252 => "Windows-1252",
        }
    }

    const fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        }
    }
}

/// Why a file is no table, whatever stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTable {
    /// A workbook.
    #[error(
        "it is the workbook of a spreadsheet; open it there and save the sheet as \"CSV UTF-8\""
    )]
    Workbook,
    /// Letters that no known way of writing explains.
    #[error(
        "line {line} is neither UTF-8 like the rest of it nor written as spreadsheets write; save \
         it as \"CSV UTF-8\""
    )]
    Letters {
        /// The first such line.
        line: u64,
    },
}

/// How a file is written, as far as its bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Its letters.
    pub letters: Letters,
    /// Its lines end in a return alone, as they did on the Macintosh.
    lone_returns: bool,
}

impl Written {
    /// Looks through all of `file`, holding little of it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(mut file: impl Read) -> io::Result<Result<Self, NoTable>> {
        let mut look = Look::default();
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece) {
                Ok(0) => return Ok(look.ended()),
                Ok(count) => look.take(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What has been seen of a file.
#[derive(Default)]
struct Look {
    head: Vec<u8>,
    /// The begun letter at the end of the last piece.
    begun: Vec<u8>,
    feeds: u64,
    returns: bool,
    /// Whether there was a letter of several bytes in UTF-8.
    foreign: bool,
    /// The first line that is not UTF-8, and the first that is not Windows-1252.
    not_utf8: Option<u64>,
    not_windows: Option<u64>,
}

impl Look {
    fn take(&mut self, piece: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend(piece.iter().take(room));
        for byte in piece {
            match byte {
                b'\n' => self.feeds += 1,
                b'\r' => self.returns = true,
                0x81 | 0x8d | 0x8f | 0x90 | 0x9d => {
                    self.not_windows.get_or_insert(self.feeds + 1);
                }
                _ => {}
            }
        }
        if self.not_utf8.is_some() {
            return;
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend(piece);
        let (good, rest) = match std::str::from_utf8(&bytes) {
            Ok(text) => (text.as_bytes(), &[][..]),
            Err(error) => bytes.split_at(error.valid_up_to()),
        };
        self.foreign |= !good.strip_prefix(MARK).unwrap_or(good).is_ascii();
        if std::str::from_utf8(rest).is_err_and(|error| error.error_len().is_some()) {
            let behind = bytes[good.len()..].iter().filter(|b| **b == b'\n').count();
            self.not_utf8 = Some(self.feeds - behind as u64 + 1);
        } else {
            self.begun = rest.to_vec();
        }
    }

    fn ended(self) -> Result<Written, NoTable> {
        let head = self.head.as_slice();
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err(NoTable::Workbook);
        }
        let not_utf8 = self
            .not_utf8
            .or((!self.begun.is_empty()).then_some(self.feeds + 1));
        let letters = match (by_twos(head), not_utf8) {
            (Some(letters), _) => letters,
            (None, None) => Letters::Utf8,
            // Accents of UTF-8 would come out as two letters each.
            (None, Some(line)) if self.foreign => return Err(NoTable::Letters { line }),
            (None, Some(_)) => match self.not_windows {
                None => Letters::Windows1252,
                Some(line) => return Err(NoTable::Letters { line }),
            },
        };
        Ok(Written {
            letters,
            lone_returns: self.returns && self.feeds == 0,
        })
    }
}

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// UTF-16, by its mark, or because every other byte is none.
fn by_twos(head: &[u8]) -> Option<Letters> {
    let none = |offset: usize| head.len() >= 4 && head[offset..].iter().step_by(2).all(|b| *b == 0);
    match head {
        [0xff, 0xfe, ..] => Some(Letters::Utf16Le),
        [0xfe, 0xff, ..] => Some(Letters::Utf16Be),
        _ if none(0) => Some(Letters::Utf16Be),
        _ if none(1) => Some(Letters::Utf16Le),
        _ => None,
    }
}

/// A file as UTF-8 without a mark, its lines ended by a line feed or by return and
/// line feed.
pub struct AsUtf8<R> {
    file: R,
    written: Written,
    decoder: Decoder,
    raw: Vec<u8>,
    ready: String,
    at: usize,
    ended: bool,
}

impl<R: Read> AsUtf8<R> {
    /// From its beginning on; `written` is how it is [`Written`].
    pub fn new(file: R, written: Written) -> Self {
        Self {
            file,
            written,
            decoder: written.letters.encoding().new_decoder_with_bom_removal(),
            raw: vec![0; PIECE],
            ready: String::new(),
            at: 0,
            ended: false,
        }
    }
}

impl<R: Read> Read for AsUtf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            if self.ended {
                return Ok(0);
            }
            let count = self.file.read(&mut self.raw)?;
            self.ended = count == 0;
            (self.at, self.ready) = (0, String::new());
            let room = self.decoder.max_utf8_buffer_length(count);
            self.ready.reserve(room.unwrap_or(4 * PIECE));
            let raw = &self.raw[..count];
            // There is room for all of it.
            let _ = self
                .decoder
                .decode_to_string(raw, &mut self.ready, self.ended);
            if self.written.lone_returns {
                self.ready = self.ready.replace('\r', "\n");
            }
        }
        let ready = &self.ready.as_bytes()[self.at..];
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.at += count;
        Ok(count)
    }
}

/// The text of a file that is small enough to be held.
///
/// # Errors
/// [`NoTable`].
pub fn text_of(bytes: &[u8]) -> Result<(String, Letters), NoTable> {
    // Memory can be read, and what is decoded is a text.
    let written = Written::of(bytes).unwrap_or(Err(NoTable::Letters { line: 1 }))?;
    let mut text = String::new();
    AsUtf8::new(bytes, written)
        .read_to_string(&mut text)
        .map_err(|_| NoTable::Letters { line: 1 })?;
    Ok((text, written.letters))
}

/// What may stand between two cells; of two that are equally likely, the first.
pub const SEPARATORS: [char; 4] = [';', '\t', '|', ','];

/// The separator that a first line like `sep=;` names, which spreadsheets write and
/// understand; it is no row.
#[must_use]
pub fn told_separator(line: &str) -> Option<char> {
    let line = line
        .trim_start_matches('\u{feff}')
        .trim_matches([' ', '"', '\r']);
    let told = line.get(..4).filter(|s| s.eq_ignore_ascii_case("sep="))?;
    let mut rest = line[told.len()..].chars();
    // The other tables have no such cell, and lose nothing.
    SEPARATORS
        .into_iter()
        .find(|s| rest.clone().eq([*s]))
        .or_else(|| rest.next().is_none().then_some(';'))
}

/// What stands between the cells of a table that begins with `first`, and whether that
/// line only tells it and is no row.
#[must_use]
pub fn separator(first: &str) -> (char, bool) {
    match told_separator(first) {
        Some(told) => (told, true),
        None => (likely_separator(first), false),
    }
}

/// The separator that stands most often in `line`.
#[must_use]
fn likely_separator(line: &str) -> char {
    let count = |separator: &char| line.matches(*separator).count();
    let all = SEPARATORS.into_iter().rev();
    all.max_by_key(count).unwrap_or(SEPARATORS[0])
}

/// Whether a spreadsheet has shortened a long number to this, as `2,99975E+21`. Its
/// last digits are lost.
#[must_use]
pub fn is_shortened(text: &str) -> bool {
    let text = text.trim();
    let parts = text.split_once(['E', 'e']);
    parts.is_some_and(|(number, power)| {
        let mut parts = number.split([',', '.']);
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        parts
            .next()
            .is_some_and(|first| first.len() == 1 && digits(first))
            && parts.next().is_none_or(digits)
            && parts.next().is_none()
            && match power.strip_prefix('+') {
                Some(power) => digits(power),
                // A code may look like `1E5`, and have no decimals.
                None => number.len() > 1 && digits(power),
            }
    })
}

/// Whether this is what a spreadsheet shows or saves in place of a value: `#####` where
/// a column is too narrow, `#N/A`, `'42`, `="42"`, `42,0`.
#[must_use]
pub fn is_debris(text: &str) -> bool {
    let text = text.trim();
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let decimals = text.split_once([',', '.']);
    text.starts_with(['#', '\'', '=']) && text.len() > 1
        || decimals.is_some_and(|(whole, zeros)| {
            digits(whole) && !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0')
        })
}

/// Which of `known` this is, but for zeros in front, which a spreadsheet takes from
/// numbers. `None` if it is none of them, or several, or one as it stands.
#[must_use]
pub fn without_its_zeros<'a>(
    text: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let bare = text.trim_start_matches('0');
    let number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !number || known.clone().any(|code| code == text) {
        return None;
    }
    let mut meant = known.filter(|code| {
        code.len() > text.len() && code.starts_with('0') && code.trim_start_matches('0') == bare
    });
    let first = meant.next()?;
    meant.all(|other| other == first).then_some(first)
}

/// Whether some of these numbers have fewer digits than others and none begins with a
/// zero: it may be that a spreadsheet took the zeros.
#[must_use]
pub fn may_lack_zeros<'a>(numbers: impl Iterator<Item = &'a str>) -> bool {
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mut shortest, mut longest) = (usize::MAX, 0);
    for number in numbers.filter(digits) {
        if number.starts_with('0') {
            return false;
        }
        shortest = shortest.min(number.len());
        longest = longest.max(number.len());
    }
    shortest < longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn what_programs_save_is_read() {
        let text = "Musée d’Orsay €;1\r\nNuit;2\r\n";
        let marked = format!("\u{feff}{text}");
        for (bytes, letters) in [
            (text.as_bytes().to_vec(), Letters::Utf8),
            (marked.as_bytes().to_vec(), Letters::Utf8),
            (utf_16(&marked, u16::to_le_bytes), Letters::Utf16Le),
            (utf_16(&marked, u16::to_be_bytes), Letters::Utf16Be),
            (
                b"Mus\xe9e d\x92Orsay \x80;1\r\nNuit;2\r\n".to_vec(),
                Letters::Windows1252,
            ),
        ] {
            assert_eq!(text_of(&bytes), Ok((text.to_owned(), letters)), "{bytes:?}");
        }
        let without_mark = utf_16("sector;door", u16::to_le_bytes);
        assert_eq!(
            text_of(&without_mark),
            Ok(("sector;door".to_owned(), Letters::Utf16Le))
        );
        assert_eq!(text_of(b"a\rb\r"), Ok(("a\nb\n".to_owned(), Letters::Utf8)));
        assert_eq!(text_of(b""), Ok((String::new(), Letters::Utf8)));
    }

    #[test]
    fn what_is_no_table_is_named() {
        for (bytes, why) in [
            (&b"PK\x03\x04rest"[..], NoTable::Workbook),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", NoTable::Workbook),
            (b"a\nb\x81\n", NoTable::Letters { line: 2 }),
            // Half of it UTF-8, half not.
            ("é\n\n".as_bytes(), NoTable::Letters { line: 3 }),
        ] {
            let mut bytes = bytes.to_vec();
            if bytes.starts_with("é".as_bytes()) {
                bytes.extend(b"Mus\xe9e\n");
            }
            assert_eq!(text_of(&bytes), Err(why), "{bytes:?}");
        }
    }

    #[test]
    fn letters_are_read_over_the_edges_of_pieces() {
        let long = format!("{}é’€;\n", "x".repeat(PIECE - 1)).repeat(3);
        assert_eq!(text_of(long.as_bytes()), Ok((long.clone(), Letters::Utf8)));
        let mut half = long.into_bytes();
        half.truncate(PIECE);
        let read = text_of(&half).map(|(_, letters)| letters);
        assert_eq!(read, Ok(Letters::Windows1252));
    }

    #[test]
    fn separators_are_told_or_seen() {
        for (line, told) in [
            ("sep=;", Some(';')),
            ("SEP=,", Some(',')),
            ("\u{feff}\"sep=|\"\r", Some('|')),
            ("sep=\t", Some('\t')),
            ("sep=", Some(';')),
            ("sep=x", None),
            ("sector;door", None),
            ("séparateur", None),
        ] {
            assert_eq!(told_separator(line), told, "{line:?}");
        }
        for (line, likely) in [("a;b", ';'), ("a\tb,c\td", '\t'), ("a,b", ','), ("a", ';')] {
            assert_eq!(likely_separator(line), likely, "{line:?}");
        }
    }

    #[test]
    fn what_a_spreadsheet_made_of_a_number_is_seen() {
        for (text, shortened) in [
            ("2,99975E+21", true),
            ("2.99975e+21", true),
            (" 3E+15 ", true),
            ("29997501", false),
            ("1E5", false),
            ("E+5", false),
            ("12,5E+3", false),
            ("1,2,3E+4", false),
            ("PASS1E+2", false),
            ("2,99975E21", true),
            ("2.99975e21", true),
        ] {
            assert_eq!(is_shortened(text), shortened, "{text}");
        }
        for (text, debris) in [
            ("########", true),
            ("#N/A", true),
            ("'CPV000001", true),
            ("=\"CPV000002\"", true),
            ("299975,0", true),
            ("299975012.00", true),
            ("CPV#1", false),
            ("14-15", false),
            ("2026.1", false),
            ("1,2,0", false),
            ("", false),
        ] {
            assert_eq!(is_debris(text), debris, "{text}");
        }
        let known = ["000042", "0007", "42A", "9"];
        for (text, meant) in [
            ("42", Some("000042")),
            ("042", Some("000042")),
            ("7", Some("0007")),
            ("9", None),
            ("43", None),
            ("", None),
            ("A", None),
        ] {
            assert_eq!(without_its_zeros(text, known.into_iter()), meant, "{text}");
        }
        assert_eq!(without_its_zeros("1", ["01", "001"].into_iter()), None);
        for (numbers, lack) in [
            (&["29975", "12345678"][..], true),
            (&["00029975", "1234"], false),
            (&["12345678", "87654321", "FR123"], false),
            (&[], false),
        ] {
            assert_eq!(may_lack_zeros(numbers.iter().copied()), lack, "{numbers:?}");
        }
    }
}
