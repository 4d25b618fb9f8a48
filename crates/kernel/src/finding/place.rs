use super::{Phrase, Say};
use crate::Language;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::PathBuf;

/// A place in a text: line and character, both from 1. A byte-order mark does not
/// count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

impl Position {
    /// Where a text begins.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Where the byte at `offset` stands in `text`.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
        Self {
            line: 1 + before.matches('\n').count(),
            column: 1 + line.chars().count(),
        }
    }
}

/// Finds many positions in one text: each takes the same time, however long the
/// text and its lines are.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    /// Where each line begins, in bytes.
    starts: Vec<usize>,
    /// How many characters there are before each block.
    characters: Vec<usize>,
    /// What each line of TOML names, if somebody asks.
    named: OnceCell<Vec<Named<'t>>>,
}

/// A line of TOML.
#[derive(Debug)]
struct Named<'t> {
    /// The header or key that stands there.
    name: &'t str,
    /// The line of its section's header, which it may be itself.
    section: Option<usize>,
    /// Which line has this header first, or this key in its section, if not this one.
    first: Option<usize>,
}

impl<'t> Lines<'t> {
    /// How many bytes are counted for a position at most, twice.
    const BLOCK: usize = 256;

    /// Looks through a text once.
    #[must_use]
    pub fn of(text: &'t str) -> Self {
        let ends = text.match_indices('\n');
        let mut before = 0;
        let characters = text.as_bytes().chunks(Self::BLOCK).map(|block| {
            let until_here = before;
            before += begun(block);
            until_here
        });
        Self {
            text,
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            characters: characters.collect(),
            named: OnceCell::new(),
        }
    }

    /// Where the byte at `offset` stands, as [`Position::of`] says.
    #[must_use]
    pub fn at(&self, offset: usize) -> Position {
        let within = self.text.is_char_boundary(offset);
        let offset = if within { offset } else { self.text.len() };
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        Position {
            line,
            column: 1 + self.characters_before(offset) - self.characters_before(start),
        }
    }

    /// What a reader of TOML found at `offset` for the second time, if that is what it
    /// says. A key whose section stands there twice goes with its section.
    #[must_use]
    pub fn repeated(&self, offset: usize, said: &str) -> Option<Repeated<'t>> {
        if !said.starts_with("duplicate key") {
            return None;
        }
        let named = self.named.get_or_init(|| named(self.text));
        let here = self.at(offset).line - 1;
        let this = named.get(here)?;
        // Lists of tables have a header for each.
        let is_once = |at: &usize| *at == here || !named[*at].name.starts_with("[[");
        let section = this.section.filter(is_once);
        let section = section.and_then(|at| Some((at, named[at].first?)));
        let (of, line) = section.or(this.first.map(|first| (here, first)))?;
        let signs = self.text[self.starts[of]..].find(|c: char| !"[ \t".contains(c));
        Some(Repeated {
            offset: self.starts[of] + signs.unwrap_or(0),
            what: named[of].name,
            line: line + 1,
        })
    }

    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / Self::BLOCK;
        // Where the text ends with a block, none follows.
        let block = block.min(self.characters.len().saturating_sub(1));
        let before = self.characters.get(block).copied().unwrap_or_default();
        before + begun(&self.text.as_bytes()[block * Self::BLOCK..offset])
    }
}

fn named(text: &str) -> Vec<Named<'_>> {
    let (mut headers, mut keys, mut section) = (HashMap::new(), HashMap::new(), None);
    let lines = text.lines().enumerate().map(|(at, line)| {
        let name = line.split(['=', '#']).next().unwrap_or_default().trim();
        // As TOML takes them: blanks and quotes make no other name.
        let bare = name.replace([' ', '\t', '"', '\''], "");
        let of = if name.starts_with('[') {
            section = Some(at);
            keys.clear();
            &mut headers
        } else {
            &mut keys
        };
        let first = *of.entry(bare).or_insert(at);
        let first = Some(first).filter(|first| *first != at);
        Named {
            name,
            section,
            first,
        }
    });
    lines.collect()
}

/// A section or a key of a TOML file that stands there for the second time.
#[derive(Debug, PartialEq, Eq)]
pub struct Repeated<'t> {
    /// Where its name is, in bytes.
    pub offset: usize,
    /// Its name, a section's with its brackets.
    pub what: &'t str,
    /// The line that has it first.
    pub line: usize,
}

/// How many characters begin in these bytes of UTF-8.
fn begun(bytes: &[u8]) -> usize {
    let begins = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
    bytes.iter().filter(begins).count()
}

/// What the back office keeps of a set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stored {
    /// All of it.
    SetUp,
    /// URL and credentials of Otipass.
    Connection,
    /// The mapping parameters in use.
    Mapping,
    /// Mapping parameters with mistakes that someone is still at.
    MappingDraft,
    /// Sectors, doors and devices.
    Site,
    /// Seasons, products, tariffs, channel, contact.
    Catalogue,
}

/// A part of a site or catalogue, by its code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A sector.
    Sector(String),
    /// A door.
    Door(String),
    /// A scanner or turnstile.
    Device(String),
    /// A season.
    Season(String),
    /// A product.
    Product(String),
    /// The tariff of this product.
    TariffOf(String),
    /// The sales channel.
    Channel,
    /// The contact that buys.
    Contact,
}

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Here in the text that was read; its reader does not know whose it is.
    Text(Position),
    /// This cell of a table that was read.
    Cell {
        /// The line, from 1.
        line: usize,
        /// The column's name, if it is one's.
        column: &'static str,
        /// What the cell says.
        value: String,
    },
    /// In a file.
    File(PathBuf, Option<Position>),
    /// A key of the configuration.
    Key {
        /// The configuration.
        file: PathBuf,
        /// Where the key stands in it, if it does.
        at: Option<Position>,
        /// The key's section.
        section: &'static str,
        /// Its name.
        key: &'static str,
    },
    /// A variable of the environment.
    Variable(String),
    /// In what the back office keeps, on this line of it, if it has lines.
    Stored(Stored, Option<usize>),
    /// In what the back office keeps, this part of it.
    Part(Stored, Thing),
    /// A part of the site or catalogue, wherever that is.
    Thing(Thing),
    /// What the service remembers.
    Database,
    /// The machine that the service runs on.
    Machine,
    /// Its clock.
    Clock,
}

impl From<Position> for Place {
    fn from(at: Position) -> Self {
        Self::Text(at)
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self::File(path, None)
    }
}

/// One of two texts: the English one, or the French.
const fn in_language([en, fr]: [&'static str; 2], language: Language) -> &'static str {
    match language {
        Language::Fr => fr,
        _ => en,
    }
}

impl Stored {
    fn in_language(self, language: Language) -> String {
        let what = match self {
            Self::SetUp => ["the set-up", "la mise en service"],
            Self::Connection => ["the connection to Otipass", "la connexion à Otipass"],
            Self::Mapping => ["the mapping parameters", "les paramètres de correspondance"],
            Self::MappingDraft => [
                "the draft of the mapping parameters",
                "le brouillon des paramètres de correspondance",
            ],
            Self::Site => ["the site", "le site"],
            Self::Catalogue => ["the catalogue", "le catalogue"],
        };
        let office = in_language(["back office", "pages de gestion"], language);
        format!("{} ({office})", in_language(what, language))
    }
}

impl Thing {
    fn in_language(&self, language: Language) -> String {
        let (what, code) = match self {
            Self::Sector(code) => (["the sector", "le secteur"], code),
            Self::Door(code) => (["the door", "la porte"], code),
            Self::Device(code) => (["the device", "l’appareil"], code),
            Self::Season(code) => (["the season", "la saison"], code),
            Self::Product(code) => (["the product", "le produit"], code),
            Self::TariffOf(code) => (["the tariff of product", "le tarif du produit"], code),
            Self::Channel => {
                return in_language(["the sales channel", "le canal de vente"], language)
                    .to_owned();
            }
            Self::Contact => {
                return in_language(["the contact", "le contact"], language).to_owned();
            }
        };
        format!("{} {code}", in_language(what, language))
    }
}

fn line(line: usize, language: Language) -> String {
    format!("{} {line}", in_language(["line", "ligne"], language))
}

impl Say for Position {
    fn say(self) -> Phrase {
        Phrase::each(|language| Place::Text(self).in_language(language))
    }
}

impl Say for Thing {
    fn say(self) -> Phrase {
        Phrase::each(|language| self.in_language(language))
    }
}

impl Place {
    /// Where it is in a text, if it is in one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Text(at) | Self::File(_, Some(at)) | Self::Key { at: Some(at), .. } => Some(*at),
            _ => None,
        }
    }

    /// The line of the text that it is in, from 1; the first where there is none.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Cell { line, .. } | Self::Stored(_, Some(line)) => *line,
            _ => self.position().map_or(1, |at| at.line),
        }
    }

    /// The place in words. Paths are followed by line and character as editors
    /// and terminals understand them.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        let word = |words| in_language(words, language);
        match self {
            Self::Text(at) => format!(
                "{}, {} {}",
                line(at.line, language),
                word(["column", "caractère"]),
                at.column
            ),
            Self::Cell {
                line: at, column, ..
            } => format!(
                "{}, {} {column}",
                line(*at, language),
                word(["column", "colonne"])
            ),
            Self::File(path, None) => path.display().to_string(),
            Self::File(path, Some(at)) => format!("{}:{}:{}", path.display(), at.line, at.column),
            Self::Key {
                file,
                at,
                section,
                key,
            } => {
                let file = Self::File(file.clone(), *at).in_language(language);
                format!("{file} ([{section}] {key})")
            }
            Self::Variable(name) => name.clone(),
            Self::Stored(kept, None) => kept.in_language(language),
            Self::Stored(kept, Some(at)) => {
                format!("{}, {}", kept.in_language(language), line(*at, language))
            }
            Self::Part(kept, thing) => {
                format!(
                    "{}, {}",
                    kept.in_language(language),
                    thing.in_language(language)
                )
            }
            Self::Thing(thing) => thing.in_language(language),
            Self::Database => word(["the database", "la base de données"]).to_owned(),
            Self::Machine => word(["this machine", "cette machine"]).to_owned(),
            Self::Clock => word(["this machine's clock", "l’horloge de cette machine"]).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_well_in_both_languages() {
        let at = Position { line: 4, column: 5 };
        let key = Place::Key {
            file: "p.toml".into(),
            at: Some(at),
            section: "otipass",
            key: "url",
        };
        for (place, en, fr) in [
            (Place::from(at), "line 4, column 5", "ligne 4, caractère 5"),
            (
                Place::File("/etc/p.toml".into(), Some(at)),
                "/etc/p.toml:4:5",
                "/etc/p.toml:4:5",
            ),
            (
                key,
                "p.toml:4:5 ([otipass] url)",
                "p.toml:4:5 ([otipass] url)",
            ),
            (
                Place::Stored(Stored::Mapping, Some(4)),
                "the mapping parameters (back office), line 4",
                "les paramètres de correspondance (pages de gestion), ligne 4",
            ),
            (
                Place::Part(Stored::Site, Thing::Sector("VN_AUG".to_owned())),
                "the site (back office), the sector VN_AUG",
                "le site (pages de gestion), le secteur VN_AUG",
            ),
            (
                Place::Thing(Thing::Device("PDA01".to_owned())),
                "the device PDA01",
                "l’appareil PDA01",
            ),
            (
                Place::Clock,
                "this machine's clock",
                "l’horloge de cette machine",
            ),
        ] {
            assert_eq!(place.in_language(Language::En), en);
            assert_eq!(place.in_language(Language::Fr), fr);
        }
    }

    #[test]
    fn a_position_counts_lines_and_characters() {
        let text = "é\nàb\n";
        for (offset, line, column) in [(0, 1, 1), (2, 1, 2), (3, 2, 1), (5, 2, 2), (99, 3, 1)] {
            assert_eq!(Position::of(text, offset), Position { line, column });
            assert_eq!(Lines::of(text).at(offset), Position { line, column });
        }
    }

    #[test]
    fn what_stands_twice_is_said_with_the_line_that_has_it_first() {
        let said = |text: &str, at: &str| {
            let offset = text.rfind(at).unwrap();
            let repeated = Lines::of(text).repeated(offset, "duplicate key")?;
            assert_eq!(Lines::of(text).repeated(offset, "invalid string"), None);
            Some((repeated.offset, repeated.what.to_owned(), repeated.line))
        };
        let is = |offset, what: &str, line| Some((offset, what.to_owned(), line));
        let pasted = "x = 1\n[a] # first\nk = 1\n\n [a]\nk = 2\n";
        assert_eq!(said(pasted, "a]"), is(27, "[a]", 2));
        assert_eq!(said(pasted, "k"), is(27, "[a]", 2));
        let listed = "k = 0\n[[a]]\nk = 1\n[[a]]\nk = 2\nb = 1\nk= 3\n";
        assert_eq!(said(listed, "k"), is(36, "k", 5));
        assert_eq!(said("k = 0\nk = 1", "k"), is(6, "k", 1));
        assert_eq!(said("[a]\nk = {b = 1, b = 2}", "b"), None);
        assert_eq!(said("[a.b]\n[a]\nb = 2", "b"), None);
        assert_eq!(said("[[a]]\n[a]", "a"), None);
        assert_eq!(said("[a]\n[ a ]\nk = 1\n", "a ]"), is(6, "[ a ]", 1));
        assert_eq!(said("k = 0\n\"k\" = 1", "k"), is(6, "\"k\"", 1));
        let behind = Lines::of("[a]\nk = \"\"\"x\n").repeated(13, "duplicate key");
        assert!(behind.is_none(), "{behind:?}");
    }

    #[test]
    fn many_positions_are_the_same_as_one() {
        for piece in ["", "é", "ab\n", "→ x\r\n\n", "€uro ", "0123456789abcdef"] {
            let text = piece.repeat(100);
            let lines = Lines::of(&text);
            for offset in 0..text.len() + 2 {
                assert_eq!(
                    lines.at(offset),
                    Position::of(&text, offset),
                    "{piece:?} {offset}"
                );
            }
        }
    }
}
