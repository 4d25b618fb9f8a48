//! What there is to say of a set-up: one type for whoever finds it, as data.
//! Texts are made of it where somebody reads it, in the reader's language.
//!
//! The findings that a crate may have are declared with
//! [`findings!`](crate::findings). `docs/doctor.md` lists them all, and is made
//! of these declarations.

mod general;
mod place;
mod say;

pub use place::{Lines, Place, Position, Repeated, Stored, Thing};
pub use say::{Phrase, Say};

use crate::{Language, text};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

crate::words! {
    /// How grave a finding is; the gravest first.
    #[derive(PartialOrd, Ord)]
    pub enum Severity: "severity" {
        /// Visitors or sales will suffer, or something cannot be used.
        Mistake = "mistake",
        /// It works, and somebody should look at it.
        Warning = "warning",
        /// Good to know.
        Note = "note",
    }
}

crate::words! {
    /// The parts of a set-up, in the order in which people read of them.
    #[derive(PartialOrd, Ord)]
    pub enum Part: "part of the set-up" {
        /// The configuration file, its variables and secrets.
        Configuration = "configuration",
        /// The interface to Otipass.
        Otipass = "otipass",
        /// The mapping parameters.
        Mapping = "mapping",
        /// Sectors, doors and devices.
        Site = "site",
        /// Seasons, products, tariffs, channel, contact.
        Catalogue = "catalogue",
        /// Ticketing, where it is elsewhere.
        Ticketing = "ticketing",
        /// What the database shows of the days before.
        Database = "database",
    }
}

/// What a crate can find: an entry of the catalogue of findings.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// A name that never changes; programs may rely on it.
    pub code: &'static str,
    /// What it belongs to.
    pub part: Part,
    /// How grave it is.
    pub severity: Severity,
    /// What it means in general, for the document; empty where another entry of
    /// the code says it.
    pub meaning: &'static str,
    /// The names of what is filled in.
    pub slots: &'static [&'static str],
    /// What is wrong and what to do, in English.
    pub en: [&'static str; 2],
    /// The same in French.
    pub fr: [&'static str; 2],
}

impl Entry {
    /// What is wrong and what to do, with words for what is filled in.
    #[must_use]
    pub fn in_general(&self, language: Language) -> [String; 2] {
        let slots = self.slots.iter();
        let words = slots.map(|slot| general::placeholder(slot, language));
        [0, 1].map(|which| self.text(which, language, words.clone()))
    }

    fn text(
        &self,
        which: usize,
        language: Language,
        values: impl Iterator<Item = impl fmt::Display>,
    ) -> String {
        let texts = match language {
            Language::Fr => &self.fr,
            _ => &self.en,
        };
        let values: Vec<_> = values.collect();
        let values = values.iter().map(|value| value as &dyn fmt::Display);
        let values: Vec<_> = self.slots.iter().copied().zip(values).collect();
        text::fill(texts[which], &values)
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it belongs to.
    pub part: Part,
    /// How grave it is.
    pub severity: Severity,
    /// A name that never changes; `docs/doctor.md` explains it.
    pub code: &'static str,
    /// Where it is.
    pub place: Place,
    /// The entry of the mapping parameters that it concerns, if it is one.
    pub mapped_at: Option<Position>,
    /// What should stand at [`Finding::mapped_at`] instead, or else at its place,
    /// where one code or key is likely meant.
    pub meant: Option<String>,
    entry: &'static Entry,
    values: Vec<Phrase>,
}

/// A finding in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// As [`Finding::part`].
    pub part: Part,
    /// As [`Finding::severity`].
    pub severity: Severity,
    /// As [`Finding::code`].
    pub code: &'static str,
    /// Where it is.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong, and why that matters.
    pub what: String,
    /// What to do.
    pub cure: String,
}

impl Finding {
    /// A finding of the catalogue, with what its texts leave open, in their
    /// order. [`findings!`](crate::findings) makes a function of each entry that
    /// calls this.
    #[must_use]
    pub fn of(entry: &'static Entry, place: Place, values: Vec<Phrase>) -> Self {
        Self {
            part: entry.part,
            severity: entry.severity,
            code: entry.code,
            place,
            mapped_at: None,
            meant: None,
            entry,
            values,
        }
    }

    /// The same finding at another place.
    #[must_use]
    pub fn at(self, place: impl Into<Place>) -> Self {
        Self {
            place: place.into(),
            ..self
        }
    }

    /// The same finding, if it is of a thing, where that thing stands in a text.
    #[must_use]
    pub fn within(self, places: &BTreeMap<Thing, Position>) -> Self {
        match &self.place {
            Place::Thing(thing) => match places.get(thing) {
                Some(at) => self.at(*at),
                None => self,
            },
            _ => self,
        }
    }

    /// Says which entry of the mapping parameters it concerns, and what is likely
    /// meant there.
    #[must_use]
    pub fn concerning(self, at: Position, meant: Option<&str>) -> Self {
        Self {
            mapped_at: Some(at),
            meant: meant.map(str::to_owned),
            ..self
        }
    }

    /// Says what is likely meant at its place.
    #[must_use]
    pub fn proposing(self, meant: &str) -> Self {
        Self {
            meant: Some(meant.to_owned()),
            ..self
        }
    }

    /// What is wrong, and why that matters. Languages without texts of their own
    /// have the English ones.
    #[must_use]
    pub fn what(&self, language: Language) -> String {
        self.text(0, language)
    }

    /// What to do.
    #[must_use]
    pub fn cure(&self, language: Language) -> String {
        self.text(1, language)
    }

    fn text(&self, which: usize, language: Language) -> String {
        let values = self.values.iter().map(|value| value.in_language(language));
        self.entry.text(which, language, values)
    }

    /// Where it is, what is wrong and what to do, in one line.
    #[must_use]
    pub fn line(&self, language: Language) -> String {
        let colon = match language {
            Language::Fr => "\u{a0}:",
            _ => ":",
        };
        let Told {
            place, what, cure, ..
        } = self.told(language);
        format!("{place}{colon} {what} {cure}")
    }

    /// All of it in words.
    #[must_use]
    pub fn told(&self, language: Language) -> Told {
        Told {
            part: self.part,
            severity: self.severity,
            code: self.code,
            place: self.place.in_language(language),
            what: self.what(language),
            cure: self.cure(language),
        }
    }
}

/// In English, for logs and errors.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Language::En))
    }
}

/// In English, for programs.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.told(Language::En).serialize(serializer)
    }
}

/// Declares what a crate can find, each in three lines: name, slots, severity and
/// what it means in general; what is wrong and what to do in English; the same in
/// French.
///
/// ```
/// mod found {
///     kernel::findings! { Site {
///         door_unknown(device, door): Mistake, "a device is linked to a door that is not there";
///             en "The device {device} is linked to the door {door}, which is not there." "Add the door.";
///             fr "L’appareil {device} est lié à la porte {door}, qui n’existe pas." "Ajoutez la porte.";
///         door_misspelt(door, meant) as door_unknown: Mistake;
///             en "There is no door {door}." "Write {meant} if that is meant.";
///             fr "Il n’y a pas de porte {door}." "Écrivez {meant} si c’est ce qui est voulu.";
///     } }
/// }
///
/// let at = kernel::Position { line: 3, column: 8 };
/// let finding = found::door_unknown(at, "PDA01", "D1");
/// assert_eq!(finding.cure(kernel::Language::En), "Add the door.");
/// assert_eq!(found::door_misspelt(at, "D1", "D2").code, "door_unknown");
/// assert_eq!(found::ALL.len(), 2);
/// ```
///
/// Each becomes a function of that name, which takes the place and what fills the
/// slots: whatever can be displayed, or a [`Phrase`] where the languages differ.
/// The name is the code, unless `as` gives another one.
///
/// A slot that a language lacks, or that nobody fills, does not compile. Only the
/// slot `message`, for what a library says, stands in English texts alone: its
/// words are English.
#[macro_export]
macro_rules! findings {
    ($($part:ident {$(
        $name:ident ($($slot:ident),*) $(as $code:ident)? : $severity:ident $(, $meaning:literal)?;
            en $en_what:literal $en_cure:literal;
            fr $fr_what:literal $fr_cure:literal;
    )*})*) => {
        $($(
            pub(crate) fn $name(
                place: impl Into<$crate::Place> $(, $slot: impl $crate::Say)*
            ) -> $crate::Finding {
                let values = vec![$($crate::Say::say($slot)),*];
                $crate::Finding::of(entry::$name(), place.into(), values)
            }
        )*)*

        mod entry {
            $($(
                pub(super) const fn $name() -> &'static $crate::finding::Entry {
                    const { &$crate::finding::Entry {
                        code: $crate::findings!(@code $name $($code)?),
                        part: $crate::Part::$part,
                        severity: $crate::Severity::$severity,
                        meaning: concat!("" $(, $meaning)?),
                        slots: &[$(stringify!($slot)),*],
                        en: [$en_what, $en_cure],
                        fr: [$fr_what, $fr_cure],
                    }.checked() }
                }
            )*)*
        }

        /// All that can be found here.
        pub const ALL: &[&$crate::finding::Entry] = &[$($(entry::$name()),*),*];
    };
    (@code $name:ident) => { stringify!($name) };
    (@code $name:ident $code:ident) => { stringify!($code) };
}

impl Entry {
    /// The same; does not compile where texts and slots do not belong together.
    ///
    /// # Panics
    /// In a constant: while it is compiled.
    #[must_use]
    pub const fn checked(&'static self) -> &'static Self {
        assert!(
            fits(&self.en, self.slots, None) && fits(&self.fr, self.slots, Some(MESSAGE)),
            "the texts and the slots do not belong together"
        );
        assert!(
            !text::tears(self.fr[0]) && !text::tears(self.fr[1]),
            "a line may break before a mark or within quotes"
        );
        self
    }
}

/// The slot for what is only there in English.
const MESSAGE: &str = "message";

/// Whether the texts leave open just the slots, without `but`.
const fn fits(texts: &[&str; 2], slots: &[&str], but: Option<&str>) -> bool {
    let mut slot = 0;
    let mut stands = 0;
    while slot < slots.len() {
        let count = count(texts[0], slots[slot]) + count(texts[1], slots[slot]);
        let is_wanted = match but {
            Some(but) => !begins(slots[slot].as_bytes(), but.as_bytes()),
            None => true,
        };
        if is_wanted != (count > 0) {
            return false;
        }
        stands += count;
        slot += 1;
    }
    stands == count(texts[0], "") + count(texts[1], "")
}

/// How often a slot of this name stands in a text; any slot, if it is empty.
const fn count(text: &str, name: &str) -> usize {
    let (mut rest, mut count) = (text.as_bytes(), 0);
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first == b'{' && begins(rest, name.as_bytes()) {
            let ends = name.is_empty() || rest[name.len()] == b'}';
            count += ends as usize;
        }
    }
    count
}

const fn begins(text: &[u8], with: &[u8]) -> bool {
    let mut at = 0;
    while at < with.len() && at < text.len() && text[at] == with[at] {
        at += 1;
    }
    at == with.len()
}
