//! What there is to say about a mapping text.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a finding stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The meaning was clear; it should be tidied up all the same.
    Note,
    /// The mapping cannot be used until this is cured.
    Mistake,
}

/// Something to say about one place of a mapping text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingFinding {
    /// Whether it stands in the way.
    pub severity: Severity,
    /// A name that never changes, such as `sector_given_twice`.
    pub code: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1; a byte-order mark does not count.
    pub column: usize,
    /// What was found, in one sentence.
    pub what: String,
    /// What to do about it, in one sentence.
    pub cure: String,
}

impl fmt::Display for MappingFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            what,
            cure,
            ..
        } = self;
        write!(f, "line {line}, column {column}: {what} {cure}")
    }
}

/// A place in a text: line and character, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    pub(crate) const START: Position = Position { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The findings of one run.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<MappingFinding>);

impl Findings {
    /// Nobody reads more; a text with more is not a mapping.
    pub(crate) const LIMIT: usize = 100;

    pub(crate) fn note(&mut self, code: &'static str, at: Position, what: String, cure: String) {
        self.push(Severity::Note, code, at, what, cure);
    }

    pub(crate) fn mistake(&mut self, code: &'static str, at: Position, what: String, cure: String) {
        self.push(Severity::Mistake, code, at, what, cure);
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        Position { line, column }: Position,
        what: String,
        cure: String,
    ) {
        match self.0.len() {
            Self::LIMIT.. => {}
            // The last one is a mistake, so that none hides behind the limit.
            count if count + 1 == Self::LIMIT => self.0.push(MappingFinding {
                severity: Severity::Mistake,
                code: "too_many_findings",
                line,
                column,
                what: "There is more to say than is listed.".to_owned(),
                cure: "Cure these first and check again.".to_owned(),
            }),
            _ => self.0.push(MappingFinding {
                severity,
                code,
                line,
                column,
                what,
                cure,
            }),
        }
    }

    /// All of them, in the order of the text.
    pub(crate) fn sorted(mut self) -> Vec<MappingFinding> {
        self.0.sort_by_key(|finding| (finding.line, finding.column));
        self.0
    }
}

/// A piece of the text for a message: quoted, and cut to 40 characters.
pub(crate) fn quoted(text: &str) -> String {
    let mut cut: String = text.chars().take(40).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}
