//! How a rule that does not hold is told.

/// What must hold and does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Broken {
    /// The rule.
    pub rule: &'static str,
    /// What was found.
    pub what: String,
}

impl Broken {
    /// `rule` does not hold: `what`.
    pub fn new(rule: &'static str, what: impl Into<String>) -> Self {
        Self {
            rule,
            what: what.into(),
        }
    }

    /// An error where none may be.
    pub fn error(doing: &'static str, error: &dyn std::error::Error) -> Self {
        Self::new(doing, kernel::causes(error))
    }
}
