//! What stands around a card number in the text that a scanner read.

use crate::{NumType, NumberFormat};
use serde::{Deserialize, Serialize};

/// What scanners and code makers of one interface add to a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Additions {
    /// Texts that may stand before it.
    pub prefixes: Vec<String>,
    /// Texts that may stand behind it.
    pub suffixes: Vec<String>,
    /// Web addresses that hold it.
    pub urls: Vec<UrlPattern>,
}

impl Additions {
    /// The first of the texts that a number itself may begin or end with: taken off,
    /// it would make another number of it, or none.
    #[must_use]
    pub fn part_of_number(&self, format: &NumberFormat) -> Option<&str> {
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let may_begin = |text: &str| match format.num_type {
            NumType::Number => is_digits(text),
            NumType::Serial => {
                let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                !text.is_empty() && (digits.is_empty() || is_digits(digits))
            }
        };
        let prefix = self.prefixes.iter().find(|text| may_begin(text));
        let suffix = || self.suffixes.iter().find(|text| is_digits(text));
        prefix.or_else(suffix).map(String::as_str)
    }
}

/// A web address with `{number}` where the number stands, such as
/// `https://pass.example.org/c/{number}`. The scheme and the host are taken in any
/// case; a query or a fragment may follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UrlPattern {
    before: String,
    after: String,
}

/// A text that is no [`UrlPattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a web address with {{number}} once where the number stands, such as https://pass.example.org/c/{{number}}"
)]
pub struct NoUrlPattern;

/// What marks the number in a [`UrlPattern`].
const MARK: &str = "{number}";

impl TryFrom<String> for UrlPattern {
    type Error = NoUrlPattern;

    fn try_from(text: String) -> Result<Self, NoUrlPattern> {
        let (before, after) = text.split_once(MARK).ok_or(NoUrlPattern)?;
        let has_host = before.split_once("://").is_some_and(|(scheme, rest)| {
            !scheme.is_empty() && rest.find(['/', '?']).is_some_and(|end| end > 0)
        });
        if !has_host || after.contains(MARK) {
            return Err(NoUrlPattern);
        }
        Ok(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }
}

impl From<UrlPattern> for String {
    fn from(UrlPattern { before, after }: UrlPattern) -> Self {
        format!("{before}{MARK}{after}")
    }
}

impl UrlPattern {
    /// The part of `url` that the pattern marks, if it fits.
    #[must_use]
    pub fn marked<'a>(&self, url: &'a str) -> Option<&'a str> {
        let host_end = self.before.find("://").map_or(0, |at| at + 3);
        let host_end = host_end + self.before[host_end..].find(['/', '?']).unwrap_or(0);
        let (host, path) = self.before.split_at(host_end);
        let start = url.get(..host_end)?;
        if !start.eq_ignore_ascii_case(host) {
            return None;
        }
        let rest = url[host_end..].strip_prefix(path)?;
        let end = rest.find(['/', '?', '#', '&']).unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let (number, behind) = if self.after.is_empty() || behind.starts_with(&self.after) {
            (number, &behind[self.after.len()..])
        } else {
            (number.strip_suffix(&self.after)?, behind)
        };
        matches!(behind.chars().next(), None | Some('?' | '#' | '&')).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_addition_may_be_part_of_a_number() {
        for (num_type, prefix, suffix, found) in [
            (NumType::Number, "A", "#", None),
            (NumType::Number, "NR:", "X1", None),
            (NumType::Number, "00", "#", Some("00")),
            (NumType::Number, "A", "5", Some("5")),
            (NumType::Serial, "A", "#", Some("A")),
            (NumType::Serial, "AB12", "#", Some("AB12")),
            (NumType::Serial, "12A", "#", None),
            (NumType::Serial, "No.", "#", None),
        ] {
            let additions = Additions {
                prefixes: vec![prefix.to_owned()],
                suffixes: vec![suffix.to_owned()],
                urls: Vec::new(),
            };
            let part = additions.part_of_number(&NumberFormat::of(num_type));
            assert_eq!(part, found, "{num_type:?} {prefix} {suffix}");
        }
    }

    #[test]
    fn a_pattern_marks_the_number_once() {
        for (text, is_pattern) in [
            ("https://pass.example.org/c/{number}", true),
            ("https://pass.example.org?card={number}&x=1", true),
            ("https://pass.example.org/c/", false),
            ("https://pass.example.org/{number}/{number}", false),
            ("https://{number}", false),
            ("pass.example.org/{number}", false),
        ] {
            let pattern = UrlPattern::try_from(text.to_owned());
            assert_eq!(pattern.is_ok(), is_pattern, "{text}");
            if let Ok(pattern) = pattern {
                assert_eq!(String::from(pattern), text);
            }
        }
    }
}
