//! What everybody says of a pass: the shape of its number, and how often it
//! still opens a service.

use serde::{Deserialize, Serialize};

crate::words! {
    /// What kind of number the project's cards bear (`NumType`).
    #[derive(Default)]
    pub enum NumType: "kind of number" {
        /// Digits only; meant when the mapping parameters have no `NumType`.
        #[default]
        Number = "number",
        /// Letters, then digits.
        Serial = "serial",
    }
}

/// How short and how long a part of a number may be, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// The fewest characters.
    pub min: usize,
    /// The most characters.
    pub max: usize,
}

impl Lengths {
    /// Exactly `length` characters.
    #[must_use]
    pub const fn exactly(length: usize) -> Self {
        Self {
            min: length,
            max: length,
        }
    }

    /// Whether `text` has as many characters.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        (self.min..=self.max).contains(&text.len())
    }
}

/// How a number proves that it was read right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// The last digit is a Luhn check digit over all digits.
    Luhn,
    /// Nothing proves it.
    None,
}

/// The shape of a card number. The defaults are in [`NumberFormat::of`]; the
/// lengths and the checksum of a serial are assumed, so an interface can set
/// its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberFormat {
    /// Which kind of number.
    pub num_type: NumType,
    /// How many ASCII letters a serial begins with; not looked at for a number.
    pub letters: Lengths,
    /// How many ASCII digits follow.
    pub digits: Lengths,
    /// The checksum over the digits.
    pub checksum: Checksum,
}

impl NumberFormat {
    /// The format of a project that says nothing else: eight digits, or one to
    /// four letters and six to twelve digits; Luhn over the digits.
    #[must_use]
    pub const fn of(num_type: NumType) -> Self {
        let (letters, digits) = match num_type {
            NumType::Number => (Lengths::exactly(0), Lengths::exactly(8)),
            NumType::Serial => (Lengths { min: 1, max: 4 }, Lengths { min: 6, max: 12 }),
        };
        Self {
            num_type,
            letters,
            digits,
            checksum: Checksum::Luhn,
        }
    }
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self::of(NumType::default())
    }
}

/// How often a pass still opens a service. In JSON: a number, or `"unlimited"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "EntriesLeftJson", into = "EntriesLeftJson")]
pub enum EntriesLeft {
    /// As often as the holder likes.
    Unlimited,
    /// This many times.
    Count(u32),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum EntriesLeftJson {
    Count(u32),
    Word(EntriesLeftWord),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EntriesLeftWord {
    Unlimited,
}

impl From<EntriesLeftJson> for EntriesLeft {
    fn from(json: EntriesLeftJson) -> Self {
        match json {
            EntriesLeftJson::Count(count) => EntriesLeft::Count(count),
            EntriesLeftJson::Word(EntriesLeftWord::Unlimited) => EntriesLeft::Unlimited,
        }
    }
}

impl From<EntriesLeft> for EntriesLeftJson {
    fn from(left: EntriesLeft) -> Self {
        match left {
            EntriesLeft::Count(count) => EntriesLeftJson::Count(count),
            EntriesLeft::Unlimited => EntriesLeftJson::Word(EntriesLeftWord::Unlimited),
        }
    }
}
