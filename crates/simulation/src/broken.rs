//! How a rule that does not hold is told.

use db::DbError;
use std::error::Error;

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

    /// An error where none may be: `rule` does not hold.
    pub fn error<E: Error>(rule: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::new(rule, kernel::causes(&error))
    }
}

impl From<DbError> for Broken {
    fn from(error: DbError) -> Self {
        Self::error("the books can be read")(error)
    }
}

/// What must hold, or else is told as broken.
macro_rules! ensure {
    ($holds:expr, $rule:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::Broken::new($rule, format!($($what)+)));
        }
    };
}
pub(crate) use ensure;
