//! What is wrong with a set-up, as whoever examines it tells it, and who that is.
//!
//! The doctor looks at configuration, files, network and database. Only the
//! command line knows all of them, so it hands the doctor in; `passerelle doctor`
//! prints the same findings.

use crate::support::Bundle;
use kernel::finding::{Finding, Part};
use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

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
