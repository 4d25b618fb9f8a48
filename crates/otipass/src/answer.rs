//! What Otipass says about a pass.

use kernel::{BusinessDay, EntriesLeft};
use serde::{Deserialize, Serialize};

/// Otipass's answer to a validation or a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The pass holder may enter.
    Yes(PassFacts),
    /// The pass holder may not enter.
    No {
        /// Why not.
        refusal: Refusal,
        /// What Otipass said about the pass, if it knows it.
        pass: Option<PassFacts>,
    },
}

kernel::words! {
    /// Why Otipass refuses an entry.
    #[derive(PartialOrd, Ord)]
    pub enum Refusal: "refusal" {
        /// Otipass does not know the number.
        UnknownPass = "unknown_pass",
        /// The pass was made but never sold.
        PassNotSold = "pass_not_sold",
        /// The pass was declared invalid.
        PassBlocked = "pass_blocked",
        /// The period of the pass is over.
        PassExpired = "pass_expired",
        /// The pass does not include this service.
        ServiceNotIncluded = "service_not_included",
        /// The pass included the service, and every entry of it is used.
        AlreadyUsed = "already_used",
    }
}

/// What Otipass says about a pass beside yes or no. Each fact may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassFacts {
    /// The last business day of the pass.
    pub valid_until: Option<BusinessDay>,
    /// Entries left for the service asked about, after this one.
    pub entries_left: Option<EntriesLeft>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_stored_as_json_and_read_back() {
        let facts = |left| PassFacts {
            valid_until: Some("2026-07-20".parse().unwrap()),
            entries_left: Some(left),
        };
        for (answer, json) in [
            (
                Answer::Yes(facts(EntriesLeft::Count(2))),
                r#"{"answer":"yes","valid_until":"2026-07-20","entries_left":2}"#,
            ),
            (
                Answer::Yes(facts(EntriesLeft::Unlimited)),
                r#"{"answer":"yes","valid_until":"2026-07-20","entries_left":"unlimited"}"#,
            ),
            (
                Answer::No {
                    refusal: Refusal::UnknownPass,
                    pass: None,
                },
                r#"{"answer":"no","refusal":"unknown_pass","pass":null}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&answer).unwrap(), json);
            assert_eq!(serde_json::from_str::<Answer>(json).unwrap(), answer);
        }
    }
}
