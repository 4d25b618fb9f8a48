//! How the interface would have to be for a real card's code to be recognised.
//! Pure: no I/O, no clock.

use crate::detect::{cleaned, detect, is_gap, luhn_fits, without_client};
use kernel::{Additions, CardNumber, Checksum, Lengths, NumType, NumberFormat, UrlPattern};

/// Numbers with fewer digits are on no card.
const FEWEST_DIGITS: usize = 4;
/// More letters make a word.
const MOST_LETTERS: usize = 4;
/// What stands before or behind a number in a scanner's text is short.
const LONGEST_ADDITION: usize = 16;

/// One thing to write differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `NumType` of the mapping parameters; a number has none.
    NumType(NumType),
    /// `OtipassProjectId` of the mapping parameters.
    Project(String),
    /// `[otipass] digits`.
    Digits(Lengths),
    /// `[otipass] letters`.
    Letters(Lengths),
    /// `[otipass] checksum`: without one, a misread number is taken for another card.
    NoChecksum,
    /// One more of `[otipass.additions] prefixes`.
    Prefix(String),
    /// One more of `[otipass.additions] suffixes`.
    Suffix(String),
    /// One more of `[otipass.additions] urls`.
    Url(String),
}

/// What to write differently, and what the code is then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// All of it is needed.
    pub changes: Vec<Change>,
    /// The card number that it is then.
    pub card: CardNumber,
    /// The format that it has then.
    pub format: NumberFormat,
    /// All that scanners and code makers add then.
    pub additions: Additions,
}

/// An interface, as far as it recognises cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recogniser {
    /// `OtipassProjectId`.
    pub project_id: String,
    /// What kind of number the mapping parameters name.
    pub num_type: NumType,
    /// The format of numbers, and that of serials.
    pub formats: [NumberFormat; 2],
    /// What scanners and code makers add.
    pub additions: Additions,
}

impl Recogniser {
    /// The format that a code must have.
    #[must_use]
    pub const fn format(&self) -> &NumberFormat {
        match self.num_type {
            NumType::Number => &self.formats[0],
            NumType::Serial => &self.formats[1],
        }
    }

    /// As [`detect`](crate::detect()).
    #[must_use]
    pub fn detect(&self, code: &str) -> Option<CardNumber> {
        detect(code, &self.project_id, self.format(), &self.additions)
    }

    /// By what this would recognise a code that it does not, if the code may hold a
    /// card number. Each proposal was tried.
    #[must_use]
    pub fn proposal(&self, code: &str) -> Option<Proposal> {
        candidates(code, self)
            .into_iter()
            .find_map(|(number, around)| self.tried(code, &number, around))
    }

    fn tried(&self, code: &str, number: &str, around: Option<Change>) -> Option<Proposal> {
        let (letters, digits) = parts(number)?;
        let mut with = self.clone();
        let mut changes: Vec<Change> = around.into_iter().collect();
        with.num_type = match letters {
            "" => NumType::Number,
            _ => NumType::Serial,
        };
        if with.num_type != self.num_type {
            changes.push(Change::NumType(with.num_type));
        }
        let format = match with.num_type {
            NumType::Number => &mut with.formats[0],
            NumType::Serial => &mut with.formats[1],
        };
        if with.num_type == NumType::Serial && !format.letters.fits(letters) {
            format.letters = Lengths::exactly(letters.len());
            changes.push(Change::Letters(format.letters));
        }
        if !format.digits.fits(digits) {
            format.digits = Lengths::exactly(digits.len());
            changes.push(Change::Digits(format.digits));
        }
        if format.checksum == Checksum::Luhn && !luhn_fits(digits) {
            format.checksum = Checksum::None;
            changes.push(Change::NoChecksum);
        }
        for change in &changes {
            match change {
                Change::Project(project) => with.project_id.clone_from(project),
                Change::Prefix(text) => with.additions.prefixes.push(text.clone()),
                Change::Suffix(text) => with.additions.suffixes.push(text.clone()),
                Change::Url(text) => with.additions.urls.push(text.clone().try_into().ok()?),
                _ => {}
            }
        }
        let format = *with.format();
        // What may be part of a number is refused at the start.
        let is_safe = with.additions.part_of_number(&format).is_none();
        let card = with.detect(code).filter(|_| is_safe)?;
        Some(Proposal {
            changes,
            card,
            format,
            additions: with.additions,
        })
    }
}

/// Letters and digits of what may be a card number.
fn parts(number: &str) -> Option<(&str, &str)> {
    let letters = number.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = number.split_at(letters);
    let fits = letters.len() <= MOST_LETTERS
        && (FEWEST_DIGITS..=CardNumber::MAX_CHARS - letters.len()).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some((letters, digits))
}

/// Each part of the code that may be the number, with what would have to be written
/// for what stands around it; the likeliest first.
fn candidates(code: &str, by: &Recogniser) -> Vec<(String, Option<Change>)> {
    let code = cleaned(code, &by.additions);
    let marked = by.additions.urls.iter().find_map(|url| url.marked(code));
    let whole = without_client(marked.unwrap_or(code), &by.project_id);
    let mut candidates = vec![(whole.replace(is_gap, ""), None)];
    if code.contains("://") {
        candidates.extend(in_address(code));
        return candidates;
    }
    if let Some((client, number)) = code.rsplit_once('-')
        && client.contains(|c: char| c.is_ascii_alphabetic())
        && !client.contains(char::is_whitespace)
    {
        let project = Change::Project(client.to_owned());
        candidates.push((number.to_owned(), Some(project)));
    }
    let is_other = |c: char| !c.is_ascii_alphanumeric();
    if let Some(at) = code
        .rfind(is_other)
        .map(|at| code.ceil_char_boundary(at + 1))
        && at <= LONGEST_ADDITION
    {
        let (prefix, number) = code.split_at(at);
        candidates.push((number.to_owned(), Some(Change::Prefix(prefix.to_owned()))));
    }
    if let Some(at) = code.find(is_other)
        && code.len() - at <= LONGEST_ADDITION
    {
        let (number, suffix) = code.split_at(at);
        candidates.push((number.to_owned(), Some(Change::Suffix(suffix.to_owned()))));
    }
    candidates
}

/// What may be the number in a web address, from its end.
fn in_address(url: &str) -> Vec<(String, Option<Change>)> {
    let divides = |c: char| matches!(c, '/' | '?' | '&' | '=' | '#');
    let mut found = Vec::new();
    let mut end = url.len();
    while let Some(at) = url[..end].rfind(divides) {
        let part = &url[at + 1..end];
        let pattern = format!("{}{{number}}", &url[..=at]);
        if parts(part).is_some() && UrlPattern::try_from(pattern.clone()).is_ok() {
            found.push((part.to_owned(), Some(Change::Url(pattern))));
        }
        end = at;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recogniser(num_type: NumType) -> Recogniser {
        Recogniser {
            project_id: "villeneuve".to_owned(),
            num_type,
            formats: [NumType::Number, NumType::Serial].map(NumberFormat::of),
            additions: Additions::default(),
        }
    }

    #[test]
    fn what_would_recognise_a_code_is_found_and_nothing_for_what_is_no_card() {
        use Change::{Digits, NoChecksum, Prefix, Project, Suffix, Url};
        use NumType::{Number, Serial};
        let text = str::to_owned;
        let digits = |n| Digits(Lengths::exactly(n));
        let url = || Url(text("https://pass.example.org/c/{number}"));
        // One case, one line.
        #[rustfmt::skip]
        let cases = [
            (Number, "AB12345674", vec![Change::NumType(Serial)], "AB12345674"),
            (Number, " ab 1234 5674\n", vec![Change::NumType(Serial)], "AB12345674"),
            (Number, "villeneuve-AB12345674", vec![Change::NumType(Serial)], "AB12345674"),
            (Serial, "00029975", vec![Change::NumType(Number)], "00029975"),
            (Number, "4539578763621486", vec![digits(16)], "4539578763621486"),
            (Serial, "A1230", vec![digits(4)], "A1230"),
            (Number, "A1230", vec![Change::NumType(Serial), digits(4)], "A1230"),
            (Number, "00029976", vec![NoChecksum], "00029976"),
            (Number, "reims-00029975", vec![Project(text("reims"))], "00029975"),
            (Number, "Pass no. 00029975", vec![Prefix(text("Pass no. "))], "00029975"),
            (Number, "00029975|FR", vec![Suffix(text("|FR"))], "00029975"),
            (Number, "https://pass.example.org/c/00029975", vec![url()], "00029975"),
            (Number, "https://pass.example.org/c/AB12345674?l=fr", vec![url(), Change::NumType(Serial)], "AB12345674"),
        ];
        for (num_type, code, changes, card) in cases {
            let recogniser = recogniser(num_type);
            assert_eq!(recogniser.detect(code), None, "{code}");
            let proposal = recogniser.proposal(code).expect(code);
            assert_eq!(
                (proposal.changes, proposal.card.reveal()),
                (changes, card),
                "{code}"
            );
        }
        for code in [
            "",
            "HELLO",
            "12",
            "https://pass.example.org/",
            "ABCDE12345674",
            "é-1",
        ] {
            assert_eq!(recogniser(Number).proposal(code), None, "{code}");
        }
    }
}
