//! What someone is here for.

use db::{FromValue, Value};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What an account may do follows from its one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sets everything up, and gives others their accounts.
    Administrator,
    /// Runs the gates.
    GateManager,
    /// Closes the books.
    Finance,
    /// Looks at everything when it hurts, and changes nothing.
    Support,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Administrator,
        Self::GateManager,
        Self::Finance,
        Self::Support,
    ];

    /// Its stable name, as in the database, the forms and the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::GateManager => "gate_manager",
            Self::Finance => "finance",
            Self::Support => "support",
        }
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of administrator, gate_manager, finance, support")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The language someone reads the back office in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// French.
    Fr,
    /// English.
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// Its tag after BCP 47.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The first language of an `Accept-Language` header that there is here, by
    /// its weights; English if there is none.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        let wanted = |range: &str| {
            let mut parts = range.split(';');
            let primary = parts.next()?.trim().split('-').next()?.to_ascii_lowercase();
            let language = primary.parse::<Self>().ok()?;
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(Some(1_000), permille)?;
            (weight > 0).then_some((language, weight))
        };
        let mut best: Option<(Self, u32)> = None;
        for (language, weight) in header.split(',').take(20).filter_map(wanted) {
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((language, weight));
            }
        }
        best.map_or(Self::En, |(language, _)| language)
    }
}

/// `0.8` as 800.
fn permille(weight: &str) -> Option<u32> {
    let (whole, part) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    Some((whole.parse::<u32>().ok()?.min(1) * 1_000 + digits.parse::<u32>().ok()?).min(1_000))
}

/// A text that names no language there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a language is fr or en")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == text)
            .ok_or(UnknownLanguage)
    }
}

macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::Text(value.as_str().to_owned())
            }
        }

        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, String> {
                String::from_value(value)?
                    .parse()
                    .map_err(|_| concat!("is no ", stringify!($type)).to_owned())
            }
        }
    )*};
}

as_text!(Role, Language);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_language_is_taken() {
        for (header, language) in [
            ("", Language::En),
            ("fr", Language::Fr),
            ("fr-CH, en;q=0.9", Language::Fr),
            ("en-GB,en;q=0.9,fr;q=0.8", Language::En),
            ("de, fr;q=0.7, en;q=0.3", Language::Fr),
            ("en;q=0.1, fr;q=0.25", Language::Fr),
            ("fr;q=0, *;q=0.5", Language::En),
            ("fr;q=x, en", Language::En),
            ("de,it", Language::En),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }
}
