//! The passes the sandbox knows.

use anyhow::{Context, Result, bail};
use kernel::table::{is_shortened, may_lack_zeros, separator, text_of};
use kernel::{BusinessDay, CardNumber};
use otipass::{EntriesLeft, ServiceId, luhn_fits};
use std::collections::BTreeMap;
use std::io::Read;

kernel::words! {
    /// The state of a pass, in Otipass's words.
    pub enum PassStatus: "status of a pass" {
        /// Made, not sold.
        Created = "created",
        /// Sold; its first use starts its period.
        Inactive = "inactive",
        /// In use until its last day.
        Active = "active",
        /// Over.
        Expired = "expired",
        /// Declared invalid.
        Invalid = "invalid",
        /// Otipass cannot say; treated like an unknown pass.
        Undefined = "undefined",
    }
}

/// Fewer digits has no number that a card bears.
const MIN_DIGITS: usize = 6;

/// One pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Its number.
    pub number: CardNumber,
    /// Its state.
    pub status: PassStatus,
    /// How many days its period has, the day of the first use included.
    pub duration_days: u32,
    /// The last day of its period, once that has begun.
    pub valid_until: Option<BusinessDay>,
    /// What it includes, and how often still.
    pub services: BTreeMap<ServiceId, EntriesLeft>,
}

impl Pass {
    /// Its state on `day`: expired also if its last day is over and nobody has
    /// used it since.
    #[must_use]
    pub fn status_on(&self, day: BusinessDay) -> PassStatus {
        let over = self.valid_until.is_some_and(|last| last < day);
        match self.status {
            PassStatus::Active if over => PassStatus::Expired,
            status => status,
        }
    }
}

/// All passes of one sandbox, by number, and the lines of its file with a wrong check
/// digit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassBook(BTreeMap<CardNumber, Pass>, Vec<(u64, CardNumber)>);

impl PassBook {
    /// Reads `number;status;duration_days;valid_until;services`, a header line
    /// first.
    ///
    /// # Errors
    /// At the first line that is no pass.
    pub fn from_csv(mut source: impl Read) -> Result<Self> {
        let mut book = Self::default();
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes)?;
        let unusable = "the pass file cannot be read; it must be CSV with a header line";
        let (text, _) = text_of(&bytes).context(unusable)?;
        let (separator, is_told) = separator(text.lines().next().unwrap_or_default());
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(separator)?)
            .trim(csv::Trim::All)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let header_lines = 1 + usize::from(is_told);
        for row in rows.records().skip(header_lines) {
            let row = row.context(unusable)?;
            let line = row.position().map_or(0, csv::Position::line);
            let added = pass(&row).and_then(|pass| {
                let number = pass.number.clone();
                let digits = number.reveal().trim_start_matches(char::is_alphabetic);
                if !luhn_fits(digits) {
                    book.1.push((line, number.clone()));
                }
                match book.insert(pass) {
                    Some(_) => {
                        bail!("the number was given on an earlier line; keep one of the two")
                    }
                    None => Ok(()),
                }
            });
            added.with_context(|| {
                format!("line {line} of the pass file is wrong; correct it and start again")
            })?;
        }
        let numbers: Vec<&str> = book.iter().map(|pass| pass.number.reveal()).collect();
        // Two lengths alone are no sign: numbers of eight digits may stand beside longer ones.
        let is_short = numbers.iter().any(|number| number.len() < MIN_DIGITS);
        if is_short && may_lack_zeros(numbers.into_iter()) {
            bail!(
                "some numbers of the pass file have fewer than {MIN_DIGITS} digits, others more, and \
                 none begins with 0: a spreadsheet has taken the zeros; take the file anew from \
                 where it came, and open it with the numbers as text"
            );
        }
        Ok(book)
    }

    /// Lines of the file, each with its number, whose check digit is wrong.
    #[must_use]
    pub fn wrong_check_digits(&self) -> &[(u64, CardNumber)] {
        &self.1
    }

    /// `count` made-up passes in every state, the same ones for the same
    /// arguments: half of them usable on `today`, the others each refused for
    /// another reason.
    #[must_use]
    pub fn sample(services: &[ServiceId], today: BusinessDay, count: u32) -> Self {
        let mut book = Self::default();
        for index in 0..count.min(SAMPLE_LIMIT) {
            if let Some(pass) = sample_pass(services, today, index) {
                book.insert(pass);
            }
        }
        book
    }

    /// Adds a pass; gives back the one that had its number before.
    pub fn insert(&mut self, pass: Pass) -> Option<Pass> {
        self.0.insert(pass.number.clone(), pass)
    }

    /// The pass with this number.
    #[must_use]
    pub fn get(&self, number: &CardNumber) -> Option<&Pass> {
        self.0.get(number)
    }

    /// The pass with this number, to change it.
    pub fn get_mut(&mut self, number: &CardNumber) -> Option<&mut Pass> {
        self.0.get_mut(number)
    }

    /// All passes, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Pass> {
        self.0.values()
    }

    /// How many passes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn pass(row: &csv::StringRecord) -> Result<Pass> {
    let [number, status, duration_days, valid_until, services] = row.iter().collect::<Vec<_>>()[..]
    else {
        bail!("a pass has the columns number;status;duration_days;valid_until;services");
    };
    if is_shortened(number) {
        bail!(
            "a spreadsheet has shortened the number, as to 1,23457E+21, and its last digits are \
             lost; take it anew from where it came, as text"
        );
    }
    let days = duration_days.parse().ok();
    let days = days.filter(|days| (1..=3650).contains(days));
    let last_day = (!valid_until.is_empty()).then(|| valid_until.parse());
    // Not the errors' own texts: in a shifted row they would repeat the number.
    Ok(Pass {
        number: (number.parse().ok()).context("the number must have 1 to 32 letters and digits")?,
        status: status
            .parse()
            .ok()
            .context("status must be created, inactive, active, expired, invalid or undefined")?,
        duration_days: days.context("duration_days must be a number of days from 1 to 3650")?,
        valid_until: (last_day.transpose().ok())
            .context("valid_until must be empty or written like 2026-07-14")?,
        services: included(services).context(
            "services must be written like SERVICE1:2,SERVICE2:* with a count or * for unlimited, \
             each service once",
        )?,
    })
}

fn included(text: &str) -> Option<BTreeMap<ServiceId, EntriesLeft>> {
    let mut services = BTreeMap::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (service, count) = part.split_once(':')?;
        let left = match count.trim() {
            "*" => EntriesLeft::Unlimited,
            count => EntriesLeft::Count(count.parse().ok()?),
        };
        if services.insert(service.parse().ok()?, left).is_some() {
            return None;
        }
    }
    Some(services)
}

/// Sample numbers have seven digits and a check digit; each is used once.
const SAMPLE_LIMIT: u32 = 10_000_000;

fn sample_pass(services: &[ServiceId], today: BusinessDay, index: u32) -> Option<Pass> {
    // 7919 shares no factor with ten million, so no number comes twice.
    let digits = (u64::from(index) * 7919 + 1_234_567) % u64::from(SAMPLE_LIMIT);
    let twice = EntriesLeft::Count(2);
    let tomorrow = today.plus_days(1);
    let unlimited = EntriesLeft::Unlimited;
    let used_up = EntriesLeft::Count(0);
    let (status, valid_until, left) = match index % 12 {
        0 | 2 | 4 => (PassStatus::Inactive, None, twice),
        1 | 3 | 7 => (PassStatus::Active, Some(tomorrow), twice),
        5 => (PassStatus::Active, Some(today), unlimited),
        6 => (PassStatus::Active, Some(tomorrow), used_up),
        8 => (PassStatus::Expired, Some(today.plus_days(-1)), twice),
        9 => (PassStatus::Invalid, None, twice),
        10 => (PassStatus::Created, None, twice),
        _ => (PassStatus::Undefined, None, twice),
    };
    // The seventh does not include every place.
    let places = if index % 12 == 7 { 1 } else { services.len() };
    let included = services.iter().take(places);
    Some(Pass {
        number: with_check_digit(&format!("{digits:07}"))?,
        status,
        duration_days: 3,
        valid_until,
        services: included.map(|service| (service.clone(), left)).collect(),
    })
}

/// `digits` followed by their Luhn check digit.
pub(crate) fn with_check_digit(digits: &str) -> Option<CardNumber> {
    (0..10)
        .map(|check| format!("{digits}{check}"))
        .find(|number| luhn_fits(number))
        .and_then(|number| number.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "number;status;duration_days;valid_until;services\n";

    #[test]
    fn a_pass_file_is_read() {
        let text =
            format!("{HEADER}00029975;active;7;2026-07-14;S1:2,S2:*\n\n00292151 ; inactive;1;;\n");
        let book = PassBook::from_csv(text.as_bytes()).unwrap();
        assert_eq!(book.len(), 2);
        let pass = book.get(&"00029975".parse().unwrap()).unwrap();
        assert_eq!(pass.status, PassStatus::Active);
        assert_eq!(pass.duration_days, 7);
        assert_eq!(pass.valid_until, Some("2026-07-14".parse().unwrap()));
        let service = |id: &str| pass.services.get(&id.parse().unwrap()).copied();
        assert_eq!(service("S1"), Some(EntriesLeft::Count(2)));
        assert_eq!(service("S2"), Some(EntriesLeft::Unlimited));
        let other = book.get(&"00292151".parse().unwrap()).unwrap();
        assert_eq!((other.valid_until, other.services.len()), (None, 0));
        assert_eq!(book.wrong_check_digits(), []);
    }

    #[test]
    fn wrong_check_digits_are_told() {
        let text = format!("{HEADER}00029975;active;7;;S1:2\nAB00029976;active;7;;S1:2\n");
        let book = PassBook::from_csv(text.as_bytes()).unwrap();
        assert_eq!(book.len(), 2);
        let number = "AB00029976".parse().unwrap();
        assert_eq!(book.wrong_check_digits(), [(3, number)]);
    }

    #[test]
    fn a_wrong_line_is_named_without_its_number() {
        for (line, expected) in [
            ("00029975;active;7;2026-07-14", "columns"),
            ("0002 9975;active;7;;S1:2", "the number must"),
            ("2,9E+21;active;7;;S1:2", "shortened"),
            ("00292151;active;7;;S1:2", "earlier line"),
            ("00029975;sold;7;;S1:2", "status must"),
            ("00029975;active;0;;S1:2", "duration_days"),
            ("00029975;active;7;14.7.2026;S1:2", "valid_until"),
            ("00029975;active;7;;S1", "services must"),
            ("00029975;active;7;;S1:-1", "services must"),
            ("00029975;active;7;;S1:1,s1:2", "services must"),
        ] {
            let text = format!("{HEADER}00292151;inactive;1;;S1:1\n{line}\n");
            let error = PassBook::from_csv(text.as_bytes()).unwrap_err();
            let said = format!("{error:#}");
            assert!(!said.contains("9975"), "{said}");
            assert!(said.starts_with("line 3 of"), "{said}");
            assert!(said.contains(expected), "{line}: {said}");
        }
        let error = PassBook::from_csv(&b"number\n\x81\n"[..]).unwrap_err();
        assert!(error.to_string().contains("must be CSV"), "{error}");
        let lost =
            "number;status;days;until;services\n29975;active;7;;S1:1\n12345674;active;7;;S1:1";
        let error = PassBook::from_csv(lost.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("the zeros"), "{error}");
        let two_lengths =
            "number;status;days;until;services\n12345674;active;7;;S1:1\n1234567897;active;7;;S1:1";
        let read = PassBook::from_csv(two_lengths.as_bytes()).unwrap();
        assert_eq!(read.len(), 2);
        let told = "sep=,\nnumber,status,days,until,services\n00029975,active,7,,S1:1";
        assert_eq!(PassBook::from_csv(told.as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn sample_passes_are_many_different_and_always_the_same() {
        let today = "2026-07-14".parse().unwrap();
        let services = ["S1".parse().unwrap(), "S2".parse().unwrap()];
        let book = PassBook::sample(&services, today, 240);
        assert_eq!(book, PassBook::sample(&services, today, 240));
        assert_eq!(book.len(), 240);
        for status in PassStatus::ALL {
            assert!(book.iter().filter(|pass| pass.status == status).count() >= 20);
        }
        assert!(book.iter().all(|pass| luhn_fits(pass.number.reveal())));
    }
}
