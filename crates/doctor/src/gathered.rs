//! What the doctor has to say, gathered part by part.

pub use crate::finding::{Finding, NOT_CHECKED, Part, Position, Severity};
use std::path::Path;
use toml::de::DeTable;

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
            mapped_at: None,
            meant: None,
        });
    }

    /// Says of the last finding which entry of the mapping parameters it
    /// concerns, and what is likely meant there.
    pub fn concerning(&mut self, at: Position, meant: Option<&str>) {
        if let Some(last) = self.list.last_mut() {
            last.mapped_at = Some(at);
            last.meant = meant.map(str::to_owned);
        }
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

    pub fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

/// Where the byte at `offset` stands in `text`.
pub fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position {
        line: 1 + before.matches('\n').count(),
        column: 1 + before[line_start..].chars().count(),
    }
}

/// A place in a file, as editors and terminals understand it.
pub fn within(path: &Path, at: Position) -> String {
    format!("{}:{}:{}", path.display(), at.line, at.column)
}

/// Where `key` of `[section]` stands in a TOML text.
pub fn key_position(text: &str, section: &str, key: &str) -> Option<Position> {
    let (root, _) = DeTable::parse_recoverable(text);
    let table = root.get_ref().get(section)?.get_ref().as_table()?;
    let (key, _) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some(position(text, key.span().start))
}
