//! What Otipass says about a pass.

use kernel::{BusinessDay, EntriesLeft};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

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

/// Why Otipass refuses an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Otipass does not know the number.
    UnknownPass,
    /// The pass was made but never sold.
    PassNotSold,
    /// The pass was declared invalid.
    PassBlocked,
    /// The period of the pass is over.
    PassExpired,
    /// The pass does not include this service.
    ServiceNotIncluded,
    /// The pass included the service, and every entry of it is used.
    AlreadyUsed,
}

/// A word that names no refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{word:?} names no refusal; use unknown_pass, pass_not_sold, pass_blocked, pass_expired, service_not_included or already_used"
)]
pub struct UnknownRefusal {
    /// What was given, cut to 64 characters.
    pub word: String,
}

impl Refusal {
    /// Every refusal, in the order in which Otipass checks.
    pub const ALL: [Refusal; 6] = [
        Refusal::UnknownPass,
        Refusal::PassNotSold,
        Refusal::PassBlocked,
        Refusal::PassExpired,
        Refusal::ServiceNotIncluded,
        Refusal::AlreadyUsed,
    ];

    /// The outcome's name, as decisions, reports and the database have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Refusal::UnknownPass => "unknown_pass",
            Refusal::PassNotSold => "pass_not_sold",
            Refusal::PassBlocked => "pass_blocked",
            Refusal::PassExpired => "pass_expired",
            Refusal::ServiceNotIncluded => "service_not_included",
            Refusal::AlreadyUsed => "already_used",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Refusal {
    type Err = UnknownRefusal;

    fn from_str(word: &str) -> Result<Self, UnknownRefusal> {
        Refusal::ALL
            .into_iter()
            .find(|refusal| refusal.as_str() == word)
            .ok_or_else(|| UnknownRefusal {
                word: word.chars().take(64).collect(),
            })
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
    fn every_refusal_has_one_name_everywhere() {
        for refusal in Refusal::ALL {
            assert_eq!(refusal.as_str().parse::<Refusal>().unwrap(), refusal);
            assert_eq!(
                serde_json::to_value(refusal).unwrap(),
                serde_json::json!(refusal.as_str())
            );
        }
        assert!("sold_out".parse::<Refusal>().is_err());
    }

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
