//! Recognising a pass in the text a scanner read. Pure: no I/O, no clock.

use kernel::{Additions, CardNumber, Checksum, NumType, NumberFormat};

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
    let code = cleaned(code, additions);
    let code = additions
        .urls
        .iter()
        .find_map(|pattern| pattern.marked(code))
        .unwrap_or(code);
    let number = without_client(code, project_id);
    card(number, format).or_else(|| {
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

/// `code` without what scanners and code makers add at either end.
#[must_use]
pub fn cleaned<'a>(code: &'a str, additions: &Additions) -> &'a str {
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

/// What divides the groups of a printed number.
pub(crate) fn is_gap(c: char) -> bool {
    is_space(c) || is_hyphen(c)
}

/// A space within a line, breaking or not.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// A hyphen, breaking or not.
const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

/// `code` without the client before the number, if that is the project.
pub(crate) fn without_client<'a>(code: &'a str, project_id: &str) -> &'a str {
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
