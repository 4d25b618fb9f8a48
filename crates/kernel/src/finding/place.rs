use super::{Phrase, Say};
use crate::Language;
use crate::text::fill;
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

    fn in_language(self, t: &Texts) -> String {
        position(t.position, self.line, self.column)
    }

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

/// What the back office keeps of a set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
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
    Kept(Kept, Option<usize>),
    /// In what the back office keeps, this part of it.
    Part(Kept, Thing),
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

crate::texts!(Texts in Fr, En {
    set_up: "la mise en service", "the set-up";
    connection: "la connexion à Otipass", "the connection to Otipass";
    mapping: "les paramètres de correspondance", "the mapping parameters";
    draft: "le brouillon des paramètres de correspondance", "the draft of the mapping parameters";
    site: "le site", "the site";
    catalogue: "le catalogue", "the catalogue";
    kept: "{what} (pages de gestion)", "{what} (back office)";
    line: "ligne {line}", "line {line}";
    position: "ligne {line}, caractère {column}", "line {line}, column {column}";
    cell: "ligne {line}, colonne {column}", "line {line}, column {column}";
    sector: "le secteur {code}", "the sector {code}";
    door: "la porte {code}", "the door {code}";
    device: "l’appareil {code}", "the device {code}";
    season: "la saison {code}", "the season {code}";
    product: "le produit {code}", "the product {code}";
    tariff: "le tarif du produit {code}", "the tariff of product {code}";
    channel: "le canal de vente", "the sales channel";
    contact: "le contact", "the contact";
    database: "la base de données", "the database";
    machine: "cette machine", "this machine";
    clock: "l’horloge de cette machine", "this machine's clock";
});

fn with(text: &str, name: &str, value: impl ToString) -> String {
    fill(text, &[(name, &value.to_string())])
}

fn position(text: &str, line: usize, column: impl ToString) -> String {
    let (line, column) = (line.to_string(), column.to_string());
    fill(text, &[("line", &line), ("column", &column)])
}

impl Kept {
    fn in_language(self, t: &Texts) -> String {
        let what = match self {
            Self::SetUp => t.set_up,
            Self::Connection => t.connection,
            Self::Mapping => t.mapping,
            Self::MappingDraft => t.draft,
            Self::Site => t.site,
            Self::Catalogue => t.catalogue,
        };
        with(t.kept, "what", what)
    }
}

impl Thing {
    fn in_language(&self, t: &Texts) -> String {
        match self {
            Self::Sector(code) => with(t.sector, "code", code),
            Self::Door(code) => with(t.door, "code", code),
            Self::Device(code) => with(t.device, "code", code),
            Self::Season(code) => with(t.season, "code", code),
            Self::Product(code) => with(t.product, "code", code),
            Self::TariffOf(code) => with(t.tariff, "code", code),
            Self::Channel => t.channel.to_owned(),
            Self::Contact => t.contact.to_owned(),
        }
    }
}

fn said(say: impl Fn(&Texts) -> String) -> Phrase {
    let in_language = |language| say(Texts::of(language));
    Phrase::new(in_language(Language::En), in_language(Language::Fr))
}

impl Say for Position {
    fn say(self) -> Phrase {
        said(|t| self.in_language(t))
    }
}

impl Say for Thing {
    fn say(self) -> Phrase {
        said(|t| self.in_language(t))
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
            Self::Cell { line, .. } | Self::Kept(_, Some(line)) => *line,
            _ => self.position().map_or(1, |at| at.line),
        }
    }

    /// The place in words. Paths are followed by line and character as editors
    /// and terminals understand them.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        let t = Texts::of(language);
        match self {
            Self::Text(at) => at.in_language(t),
            Self::Cell {
                line, column: "", ..
            } => with(t.line, "line", line),
            Self::Cell { line, column, .. } => position(t.cell, *line, column),
            Self::File(path, at) => {
                let at = at.map(|at| format!(":{}:{}", at.line, at.column));
                format!("{}{}", path.display(), at.unwrap_or_default())
            }
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
            Self::Kept(kept, None) => kept.in_language(t),
            Self::Kept(kept, Some(line)) => {
                format!("{}, {}", kept.in_language(t), with(t.line, "line", line))
            }
            Self::Part(kept, thing) => {
                format!("{}, {}", kept.in_language(t), thing.in_language(t))
            }
            Self::Thing(thing) => thing.in_language(t),
            Self::Database => t.database.to_owned(),
            Self::Machine => t.machine.to_owned(),
            Self::Clock => t.clock.to_owned(),
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
                Place::Kept(Kept::Mapping, Some(4)),
                "the mapping parameters (back office), line 4",
                "les paramètres de correspondance (pages de gestion), ligne 4",
            ),
            (
                Place::Part(Kept::Site, Thing::Sector("VN_AUG".to_owned())),
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
        }
    }
}
