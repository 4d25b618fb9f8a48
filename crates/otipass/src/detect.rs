//! Recognising a pass in the text a scanner read. Pure: no I/O, no clock.

use kernel::{CardNumber, Checksum, NumType, NumberFormat};
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
    fn marked<'a>(&self, url: &'a str) -> Option<&'a str> {
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

/// The card number in `code`, the raw text a scanner read; `None` if it is not
/// a pass.
///
/// What scanners and code makers add at either end goes, again and again until
/// nothing changes: white space, control and invisible characters, an AIM prefix
/// (ISO/IEC 15424: `]`, a letter, a modifier), and what `additions` names. A web
/// address gives the part that a pattern marks. A chip's text is
/// `<client>-<number>`; it is one of ours if the client is `project_id`, in any
/// case. Spaces and hyphens within a printed number go. Letters of a serial come
/// out in capitals.
#[must_use]
pub fn detect(
    code: &str,
    project_id: &str,
    format: &NumberFormat,
    additions: &Additions,
) -> Option<CardNumber> {
    let code = without_additions(code, additions);
    let code = additions
        .urls
        .iter()
        .find_map(|pattern| pattern.marked(code))
        .unwrap_or(code);
    let number = without_client(code, project_id);
    card(number, format).or_else(|| {
        let is_gap = |c: char| is_space(c) || is_hyphen(c);
        // Within it only: what begins or ends with a gap is not printed so.
        let printed = !number.starts_with(is_gap) && !number.ends_with(is_gap);
        printed.then(|| card(&number.replace(is_gap, ""), format))?
    })
}

/// The card number that `number` is, letter for letter.
fn card(number: &str, format: &NumberFormat) -> Option<CardNumber> {
    let letters_end = match format.num_type {
        NumType::Number => 0,
        NumType::Serial => number
            .bytes()
            .position(|b| !b.is_ascii_alphabetic())
            .unwrap_or(number.len()),
    };
    // The split lies behind ASCII letters only, hence on a character boundary.
    let (letters, digits) = number.split_at(letters_end);
    let lettered = match format.num_type {
        NumType::Number => true,
        NumType::Serial => format.letters.fits(letters),
    };
    let proven = match format.checksum {
        Checksum::Luhn => luhn_fits(digits),
        Checksum::None => true,
    };
    let fits = lettered
        && format.digits.fits(digits)
        && digits.bytes().all(|b| b.is_ascii_digit())
        && digits.bytes().any(|b| b != b'0')
        && proven;
    fits.then(|| number.to_ascii_uppercase().parse().ok())
        .flatten()
}

/// Takes off both ends what does not belong to the number.
fn without_additions<'a>(code: &'a str, additions: &Additions) -> &'a str {
    let mut rest = code;
    loop {
        let before = rest.len();
        rest = rest.trim_matches(is_nothing);
        rest = without_aim(rest);
        for prefix in &additions.prefixes {
            rest = rest.strip_prefix(prefix.as_str()).unwrap_or(rest);
        }
        for suffix in &additions.suffixes {
            rest = rest.strip_suffix(suffix.as_str()).unwrap_or(rest);
        }
        if rest.len() == before {
            return rest;
        }
    }
}

/// Without the AIM prefix by which scanners name the kind of code, if there is
/// one.
fn without_aim(code: &str) -> &str {
    let mut characters = code.chars();
    match (characters.next(), characters.next(), characters.next()) {
        (Some(']'), Some(kind), Some(_)) if kind.is_ascii_alphabetic() => characters.as_str(),
        _ => code,
    }
}

/// Whether a reader sees nothing there: white space, control characters, and what
/// Unicode calls default ignorable (byte-order marks, zero-width and direction
/// marks, soft hyphens, variation selectors).
fn is_nothing(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A space within a line, breaking or not.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// A hyphen, breaking or not.
const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

fn without_client<'a>(code: &'a str, project_id: &str) -> &'a str {
    // A project id may itself hold a hyphen, so the code is not split at one.
    let named = code
        .get(..project_id.len())
        .filter(|client| !project_id.is_empty() && client.eq_ignore_ascii_case(project_id));
    named
        .and_then(|client| code[client.len()..].strip_prefix('-'))
        .unwrap_or(code)
}

/// Whether `digits` are ASCII digits, at least one, whose last is a Luhn check
/// digit.
#[must_use]
pub fn luhn_fits(digits: &str) -> bool {
    let mut sum = 0u32;
    for (index, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        let weighed = match (index % 2, digit) {
            (0, _) => digit,
            (_, 0..=4) => 2 * digit,
            _ => 2 * digit - 9,
        };
        sum = (sum + weighed) % 10;
    }
    !digits.is_empty() && sum == 0
}
