//! Files of SecuTix's access control module: white, black and checked lists, as the
//! vendor documents them. Semicolons, no header line, moments in the institution's
//! time; letters and separators that a spreadsheet made of that are read too.

use crate::stx::line::{join, split};
use crate::stx::{Column, Dialect};
use kernel::table::{NoTable, is_debris, is_shortened, may_lack_zeros, separator, text_of};
use kernel::{ControlBarcode, OrganisationCode, ProductCode, SeasonCode, Timestamp, Zone};
use std::borrow::Cow;
use std::str::FromStr;

/// Between the fields.
const SEPARATOR: char = ';';

/// A ticket that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhiteRow {
    /// Its barcode.
    pub barcode: ControlBarcode,
    /// Its season.
    pub season: SeasonCode,
    /// Its product.
    pub product: ProductCode,
    /// Whether it was sold at a reduced price.
    pub reduced_price: bool,
    /// Whether it is a specimen.
    pub is_specimen: bool,
    /// The performance it is for, or nothing.
    pub valid_at: Option<Timestamp>,
    /// Free text.
    pub tag: String,
    /// The barcode of the entrance, where the marketplace uses one.
    pub entrance: String,
}

kernel::words! {
    /// Why a ticket is bad.
    pub enum BlackReason: "reason of a black list" {
        /// It was cancelled.
        Cancelled = "CANCELLED",
        /// It does not work.
        Technical = "TECHNICAL",
        /// It was stolen.
        Stolen = "STOLEN",
    }
}

/// A ticket that is bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlackRow {
    /// Its barcode.
    pub barcode: ControlBarcode,
    /// Why.
    pub reason: BlackReason,
    /// Its season.
    pub season: SeasonCode,
    /// Its product.
    pub product: ProductCode,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
}

/// A ticket that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRow {
    /// Its barcode.
    pub barcode: ControlBarcode,
    /// When.
    pub checked_at: Timestamp,
}

/// Whose tickets were checked, as the first line of the list says. The vendor calls this
/// form deprecated, and describes no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedHead {
    /// Whose they are.
    pub organiser: OrganisationCode,
    /// Their product.
    pub product: ProductCode,
}

/// A line that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct ListRejection {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong and what to do; without the barcode.
    pub why: String,
}

/// A list, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFile<T> {
    /// The rows that are taken, as they stand in the file.
    pub rows: Vec<T>,
    /// The others.
    pub rejected: Vec<ListRejection>,
    /// Some barcodes have fewer digits than others, and none begins with a zero.
    pub may_lack_zeros: bool,
}

/// A row of a list without head.
pub trait ListRow: Sized {
    /// Reads its fields.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    fn read(fields: &Fields<'_>) -> Result<Self, String>;

    /// Its fields, as the vendor documents them.
    fn written(&self, dialect: &Dialect) -> Vec<String>;

    /// Its barcode.
    fn barcode(&self) -> &ControlBarcode;
}

/// Reads a white or a black list.
///
/// # Errors
/// It is no text.
pub fn read_list<T: ListRow>(file: &[u8], zone: &Zone) -> Result<ListFile<T>, NoTable> {
    let text = text_of(file)?.0;
    Ok(list(Lines::of(&text, &spelt_in(zone))))
}

/// Writes a white or a black list.
#[must_use]
pub fn write_list<'a, T: ListRow + 'a>(
    rows: impl IntoIterator<Item = &'a T>,
    zone: &Zone,
) -> String {
    let dialect = spelt_in(zone);
    let rows = rows.into_iter();
    rows.map(|row| join(row.written(&dialect), SEPARATOR))
        .collect()
}

/// Why a checked list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CheckedRefusal {
    /// It is no text.
    #[error(transparent)]
    NoTable(#[from] NoTable),
    /// Its first line.
    #[error("the first line must name whose tickets these are, like ORG;;5012; – {0}")]
    Head(String),
}

/// Reads a checked list.
///
/// # Errors
/// It is no text, or does not say whose tickets these are.
pub fn read_checked(
    file: &[u8],
    zone: &Zone,
) -> Result<(CheckedHead, ListFile<CheckedRow>), CheckedRefusal> {
    let text = text_of(file)?.0;
    let dialect = spelt_in(zone);
    let mut lines = Lines::of(&text, &dialect);
    let (_, head) = lines.next().unwrap_or((1, Err("it is empty".to_owned())));
    let head = head.and_then(|fields| {
        Ok(CheckedHead {
            organiser: fields.code(0, "organiser")?,
            product: fields.code(2, "product")?,
        })
    });
    Ok((head.map_err(CheckedRefusal::Head)?, list(lines)))
}

/// Writes a checked list.
#[must_use]
pub fn write_checked<'a>(
    head: &CheckedHead,
    rows: impl IntoIterator<Item = &'a CheckedRow>,
    zone: &Zone,
) -> String {
    let head = [head.organiser.as_str(), "", head.product.as_str(), ""];
    join(head, SEPARATOR) + &write_list(rows, zone)
}

fn list<T: ListRow>(lines: Lines<'_>) -> ListFile<T> {
    let (mut rows, mut rejected) = (Vec::new(), Vec::new());
    for (line, fields) in lines {
        match fields.and_then(|fields| T::read(&fields)) {
            Ok(row) => rows.push(row),
            Err(why) => rejected.push(ListRejection { line, why }),
        }
    }
    let numbers = rows.iter().map(|row: &T| row.barcode().reveal());
    ListFile {
        may_lack_zeros: may_lack_zeros(numbers),
        rows,
        rejected,
    }
}

/// How moments are spelt.
fn spelt_in(zone: &Zone) -> Dialect {
    Dialect::default().in_time_of(zone)
}

/// The lines of a list that are rows, with their numbers and fields.
struct Lines<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    separator: char,
    dialect: &'a Dialect,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, dialect: &'a Dialect) -> Self {
        let mut lines = text.lines().enumerate();
        let (separator, is_told) = separator(text.lines().next().unwrap_or_default());
        if is_told {
            lines.next();
        }
        Self {
            lines,
            separator,
            dialect,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u64, Result<Fields<'a>, String>);

    fn next(&mut self) -> Option<Self::Item> {
        let filled = |(_, line): &(usize, &str)| !line.trim().is_empty();
        let (index, line) = self.lines.find(filled)?;
        let fields = split(line, self.separator).map_or_else(
            |_| Err("a quotation mark opens and does not close; remove it".to_owned()),
            |cells| {
                Ok(Fields {
                    cells,
                    dialect: self.dialect,
                })
            },
        );
        Some((index as u64 + 1, fields))
    }
}

/// The fields of one line.
#[derive(Debug)]
pub struct Fields<'a> {
    cells: Vec<Cow<'a, str>>,
    dialect: &'a Dialect,
}

impl Fields<'_> {
    fn at(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", |cell| cell.trim())
    }

    fn code<T: FromStr>(&self, index: usize, what: &str) -> Result<T, String> {
        let text = self.at(index);
        if is_shortened(text) {
            return Err(format!(
                "a spreadsheet has shortened the {what}, as to 2,99975E+21, and its last digits are \
                 lost; take the list anew from where it came"
            ));
        }
        if is_debris(text) {
            return Err(format!(
                "the {what} is what a spreadsheet makes of one, like ##### or '42; take the list anew \
                 from where it came"
            ));
        }
        // Not the text: it may be a barcode.
        text.parse().map_err(|_| match text {
            "" => format!("the {what} is missing; fill field {}", index + 1),
            _ => format!("field {} is no {what}; correct it", index + 1),
        })
    }

    /// `FALSE` if empty. Spreadsheets translate it.
    fn truth(&self, index: usize) -> Result<bool, String> {
        match self.at(index).to_uppercase().as_str() {
            "TRUE" | "VRAI" | "WAHR" => Ok(true),
            "FALSE" | "FAUX" | "FALSCH" | "" => Ok(false),
            _ => Err(format!(
                "field {} is neither TRUE nor FALSE; correct it",
                index + 1
            )),
        }
    }

    fn moment(&self, index: usize) -> Result<Option<Timestamp>, String> {
        let text = self.at(index);
        if text.is_empty() {
            return Ok(None);
        }
        let read = self.dialect.date(text).ok_or_else(|| {
            let place = index + 1;
            format!("field {place} is no moment; write it like 2026-07-14 09:00:00")
        });
        read.map(|dated| Some(dated.at))
    }

    /// The rest of the line must be empty.
    fn no_more_than(&self, count: usize) -> Result<(), String> {
        let more = self.cells.iter().skip(count);
        match more.filter(|cell| !cell.trim().is_empty()).count() {
            0 => Ok(()),
            _ => Err(format!(
                "the line has more than {count} fields; this is another list"
            )),
        }
    }
}

/// A moment with this between day and time.
fn moment(at: Option<Timestamp>, between: &str, dialect: &Dialect) -> String {
    let written = at.map(|at| dialect.date_text(Column::GenerationDate, at));
    written.unwrap_or_default().replace(' ', between)
}

impl ListRow for WhiteRow {
    fn read(fields: &Fields<'_>) -> Result<Self, String> {
        fields.no_more_than(9)?;
        if !fields.at(3).bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("field 4 is no number of a category; this is another list".to_owned());
        }
        Ok(Self {
            barcode: fields.code(0, "barcode")?,
            season: fields.code(1, "season code")?,
            product: fields.code(2, "product code")?,
            reduced_price: fields.truth(4)?,
            is_specimen: fields.truth(5)?,
            valid_at: fields.moment(6)?,
            tag: fields.at(7).to_owned(),
            entrance: fields.at(8).to_owned(),
        })
    }

    fn written(&self, dialect: &Dialect) -> Vec<String> {
        let truth = |yes| if yes { "TRUE" } else { "FALSE" }.to_owned();
        vec![
            self.barcode.reveal().to_owned(),
            self.season.to_string(),
            self.product.to_string(),
            // The category, which is always this.
            "0".to_owned(),
            truth(self.reduced_price),
            truth(self.is_specimen),
            moment(self.valid_at, " ", dialect),
            self.tag.clone(),
            self.entrance.clone(),
        ]
    }

    fn barcode(&self) -> &ControlBarcode {
        &self.barcode
    }
}

impl ListRow for BlackRow {
    fn read(fields: &Fields<'_>) -> Result<Self, String> {
        fields.no_more_than(5)?;
        Ok(Self {
            barcode: fields.code(0, "barcode")?,
            reason: fields.code(1, "reason (CANCELLED, TECHNICAL or STOLEN)")?,
            season: fields.code(2, "season code")?,
            product: fields.code(3, "product code")?,
            since: fields.moment(4)?,
        })
    }

    fn written(&self, dialect: &Dialect) -> Vec<String> {
        vec![
            self.barcode.reveal().to_owned(),
            self.reason.as_str().to_owned(),
            self.season.to_string(),
            self.product.to_string(),
            moment(self.since, " ", dialect),
        ]
    }

    fn barcode(&self) -> &ControlBarcode {
        &self.barcode
    }
}

impl ListRow for CheckedRow {
    fn read(fields: &Fields<'_>) -> Result<Self, String> {
        fields.no_more_than(2)?;
        Ok(Self {
            barcode: fields.code(0, "barcode")?,
            checked_at: fields
                .moment(1)?
                .ok_or("the moment is missing; fill field 2")?,
        })
    }

    fn written(&self, dialect: &Dialect) -> Vec<String> {
        vec![
            self.barcode.reveal().to_owned(),
            moment(Some(self.checked_at), "T", dialect),
            String::new(),
        ]
    }

    fn barcode(&self) -> &ControlBarcode {
        &self.barcode
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/files");
        std::fs::read(format!("{folder}/{name}")).unwrap()
    }

    fn paris() -> Zone {
        "Europe/Paris".parse().unwrap()
    }

    #[test]
    fn a_white_list_is_read_and_written() {
        let read = read_list::<WhiteRow>(&file("30-white-list.csv"), &paris()).unwrap();
        assert_eq!((read.rows.len(), &read.rejected[..]), (3, &[][..]));
        assert!(!read.may_lack_zeros);
        let [first, second, third] = &read.rows[..] else {
            panic!("{read:?}");
        };
        assert_eq!(first.barcode.reveal(), "10000191230535");
        assert_eq!(
            (first.season.as_str(), first.product.as_str()),
            ("14-15", "Carmen")
        );
        assert_eq!(
            first.valid_at,
            Some("2017-12-05T18:45:00Z".parse().unwrap())
        );
        assert!(second.reduced_price && !second.is_specimen);
        assert_eq!(
            (second.tag.as_str(), second.entrance.as_str()),
            ("groupe", "E12")
        );
        assert_eq!((third.valid_at, third.tag.as_str()), (None, ""));
        let written = write_list(&read.rows, &paris());
        let line = "10000191230535;14-15;Carmen;0;FALSE;FALSE;2017-12-05 19:45:00;;\n";
        assert!(written.starts_with(line), "{written}");
        assert_eq!(read_list(written.as_bytes(), &paris()).unwrap(), read);
    }

    #[test]
    fn a_black_list_is_read_and_written() {
        let bytes = file("31-black-list.csv");
        let read = read_list::<BlackRow>(&bytes, &paris()).unwrap();
        assert_eq!(read.rejected, []);
        let reasons: Vec<_> = read.rows.iter().map(|row| row.reason).collect();
        assert_eq!(reasons, [BlackReason::Cancelled, BlackReason::Stolen]);
        assert_eq!(read.rows[1].since, None);
        assert_eq!(write_list(&read.rows, &paris()).as_bytes(), bytes);
    }

    #[test]
    fn a_checked_list_is_read_and_written() {
        let bytes = file("32-checked-list.csv");
        let (head, list) = read_checked(&bytes, &paris()).unwrap();
        assert_eq!(list.rejected, []);
        assert_eq!(
            (head.organiser.as_str(), head.product.as_str()),
            ("VILLEN", "PASSVN")
        );
        assert_eq!(
            list.rows[1].checked_at,
            "2026-04-03T06:00:05Z".parse().unwrap()
        );
        assert_eq!(write_checked(&head, &list.rows, &paris()).as_bytes(), bytes);
        let moment = "2026-04-03T08:00:05;";
        let lost = format!("ORG;;5012;\n29975;{moment}\n12345674;{moment}\n");
        let (_, list) = read_checked(lost.as_bytes(), &paris()).unwrap();
        assert!(list.may_lack_zeros, "{list:?}");
        for head in ["", ";;PASSVN;\n", "ORG\n"] {
            let refused = read_checked(head.as_bytes(), &paris());
            assert!(matches!(refused, Err(CheckedRefusal::Head(_))), "{head}");
        }
    }

    #[test]
    fn a_bad_line_of_a_list_is_named_with_its_cure_and_the_others_are_taken() {
        let bytes = file("33-white-list-from-a-spreadsheet.csv");
        let read = read_list::<WhiteRow>(&bytes, &paris()).unwrap();
        assert_eq!(read.rows.len(), 2);
        assert!(read.may_lack_zeros);
        assert_eq!(read.rejected[0].line, 2);
        assert!(
            read.rejected[0].why.contains("shortened the barcode"),
            "{read:?}"
        );
        for (line, why) in [
            (";14-15;Carmen", "the barcode is missing; fill field 1"),
            ("1;14-15", "the product code is missing"),
            ("1;TOOLONGSEASON;Carmen", "field 2 is no season code"),
            ("1;14-15;Carmen;0;MAYBE", "neither TRUE nor FALSE"),
            ("1;STOLEN;14-15;Carmen;", "this is another list"),
            (
                "1;14-15;Carmen;0;;;2026-03-29 02:30:00",
                "field 7 is no moment",
            ),
            (
                "1;14-15;Carmen;0;;;05/12/2017 19:45",
                "field 7 is no moment",
            ),
            ("1;14-15;Carmen;0;;;;;;more", "more than 9 fields"),
            ("1;14-15;Carmen;0;;;;\"open", "quotation mark"),
        ] {
            let read = read_list::<WhiteRow>(line.as_bytes(), &paris()).unwrap();
            assert!(read.rejected[0].why.contains(why), "{line}: {read:?}");
        }
        let reason = read_list::<BlackRow>(b"1;LOST;14-15;Carmen;", &paris()).unwrap();
        assert!(
            reason.rejected[0]
                .why
                .contains("CANCELLED, TECHNICAL or STOLEN")
        );
    }
}
