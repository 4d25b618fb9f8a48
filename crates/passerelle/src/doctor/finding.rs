//! What the doctor has to say.

use serde::Serialize;
use std::path::Path;
use toml::de::DeTable;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Visitors or sales will suffer.
    Mistake,
    /// It works, and somebody should look at it.
    Warning,
    /// Good to know.
    Note,
}

/// The parts of a set-up, in the order in which people read of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The configuration file, its variables and secrets.
    Configuration,
    /// The interface to Otipass.
    Otipass,
    /// The mapping parameters.
    Mapping,
    /// Sectors, doors and devices.
    Site,
    /// Seasons, products, tariffs, channel, contact.
    Catalogue,
    /// Ticketing, where it is elsewhere.
    Ticketing,
    /// What the database shows of the days before.
    Database,
}

/// One thing the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it belongs to.
    pub part: Part,
    /// How grave it is.
    pub severity: Severity,
    /// A name that never changes; `docs/doctor.md` explains it.
    pub code: &'static str,
    /// File, line and column, or the key of the configuration.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong, and why that matters.
    pub what: String,
    /// What to do.
    pub cure: String,
}

/// The findings of one part.
pub struct Findings {
    part: Part,
    list: Vec<Finding>,
}

impl Findings {
    pub const fn of(part: Part) -> Self {
        Self {
            part,
            list: Vec::new(),
        }
    }

    pub fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: impl Into<String>,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.list.push(Finding {
            part: self.part,
            severity,
            code,
            place: place.into(),
            what: what.into(),
            cure: cure.into(),
        });
    }

    pub fn mistake(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.push(Severity::Mistake, code, place, what, cure);
    }

    pub fn warning(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.push(Severity::Warning, code, place, what, cure);
    }

    pub fn note(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.push(Severity::Note, code, place, what, cure);
    }

    /// Says that something was left out, so that silence means that all is well.
    pub fn not_checked(
        &mut self,
        place: impl Into<String>,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.note(NOT_CHECKED, place, what, cure);
    }

    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

/// The code of what was left out.
pub const NOT_CHECKED: &str = "not_checked";

/// A place in a text: line and character, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// Where the byte at `offset` stands in `text`.
    pub fn at(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }

    /// As editors and terminals understand it.
    pub fn within(self, path: &Path) -> String {
        format!("{}:{}:{}", path.display(), self.line, self.column)
    }
}

/// Where `key` of `[section]` stands in a TOML text.
pub fn key_position(text: &str, section: &str, key: &str) -> Option<Position> {
    let (root, _) = DeTable::parse_recoverable(text);
    let table = root.get_ref().get(section)?.get_ref().as_table()?;
    let (key, _) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some(Position::at(text, key.span().start))
}
