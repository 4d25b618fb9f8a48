//! What is wrong with a set-up, as whoever examines it tells it, and who that is.
//!
//! The doctor looks at configuration, files, network and database. Only the
//! command line knows all of them, so it hands the doctor in; `passerelle doctor`
//! prints the same findings.

use crate::support::Bundle;
use serde::Serialize;
use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

/// How grave a finding is; the gravest first.
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

/// A place in a text: line and character, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in it; a byte-order mark does not count.
    pub column: usize,
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
    /// For people: file, line and column, the key of the configuration, or what
    /// the back office keeps.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong, and why that matters; in English, as [`Finding::cure`] is.
    pub what: String,
    /// What to do.
    pub cure: String,
    /// The entry of the mapping parameters that it concerns, if it is one.
    #[serde(skip)]
    pub mapped_at: Option<Position>,
    /// What should stand at [`Finding::mapped_at`] instead, where one code is
    /// likely meant.
    #[serde(skip)]
    pub meant: Option<String>,
}

/// What came of an examination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The parts that this set-up has; all of them were looked at.
    pub parts: Vec<Part>,
    /// What there is to say, part by part, the gravest first.
    pub findings: Vec<Finding>,
}

/// The code of what was left out.
pub const NOT_CHECKED: &str = "not_checked";

/// What the doctor is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The whole set-up. Nobody on the network is waited for any longer than
    /// this.
    Everything(Duration),
    /// What would be wrong if these were the mapping parameters; nobody on the
    /// network is asked.
    Mapping(String),
}

/// What will come.
pub type Coming<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Who examines the set-up that the service was started with.
pub trait Doctor: Debug + Send + Sync {
    /// Examines it.
    fn examine(&self, question: Question) -> Coming<Diagnosis>;

    /// A support bundle, without card numbers and secrets. Nobody on the network is
    /// waited for any longer than `patience`.
    fn support_bundle(&self, patience: Duration) -> Coming<Bundle>;
}
