//! Texts as another format takes them.

use crate::BusinessDay;
use std::fmt::Write;

/// Two lower-case hexadecimal digits for each byte.
#[must_use]
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that hexadecimal digits say, in whichever case; `None` if they say none.
#[must_use]
pub fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs.iter().map(|[high, low]| {
        let byte = digit(*high)? * 16 + digit(*low)?;
        u8::try_from(byte).ok()
    });
    bytes.collect()
}

/// The most digits in a row that a message may show. Years, line numbers and
/// prices fit; card numbers, which have eight or more, do not.
const MAX_DIGITS: usize = 5;

/// The fewest digits of a card number.
const MIN_CARD_DIGITS: usize = 8;

/// Text without card numbers: each longer run of digits is shown as `…`, also one in
/// groups with a blank or a hyphen between them. A date stays.
#[must_use]
pub fn without_numbers(text: &str) -> String {
    let text = without_runs(text);
    let (mut shown, mut rest) = (String::new(), text.as_str());
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let (groups, after) = digits.split_at(grouped(digits));
        shown.push_str(before);
        shown.push_str(if may_be_a_card(groups) { "…" } else { groups });
        rest = after;
    }
    shown + rest
}

/// How many bytes of the text are digits, or blanks or a hyphen between two.
fn grouped(text: &str) -> usize {
    const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];
    const HYPHENS: [char; 3] = ['-', '\u{2010}', '\u{2011}'];
    let without_digits = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut rest = text.len();
    loop {
        rest = without_digits(&text[text.len() - rest..]);
        let behind = &text[text.len() - rest..];
        let group = behind
            .strip_prefix(HYPHENS)
            .unwrap_or_else(|| behind.trim_start_matches(BLANKS));
        if group.len() == rest || !group.starts_with(|c: char| c.is_ascii_digit()) {
            return text.len() - rest;
        }
        rest = group.len();
    }
}

fn may_be_a_card(groups: &str) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let date = groups.get(..10).filter(|text| is_date(text));
    match date.and_then(|date| groups.strip_prefix(date)) {
        // A time of day may follow.
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => digits(rest) > MAX_DIGITS,
        _ => digits(groups) >= MIN_CARD_DIGITS,
    }
}

/// Whether this is a day of these centuries, like `2026-07-14`.
fn is_date(text: &str) -> bool {
    let is_near = text.starts_with("19") || text.starts_with("20");
    is_near && text.parse::<BusinessDay>().is_ok()
}

fn without_runs(text: &str) -> String {
    let (mut shown, mut digits) = (String::new(), String::new());
    // The end closes a run of digits too.
    for letter in text.chars().map(Some).chain([None]) {
        match letter {
            Some(digit) if digit.is_ascii_digit() => digits.push(digit),
            letter => {
                let fits = digits.len() <= MAX_DIGITS;
                shown.push_str(if fits { &digits } else { "…" });
                digits.clear();
                shown.extend(letter);
            }
        }
    }
    shown
}

/// Text within HTML or XML, between tags or quotes.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, letter| {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter => safe.push(letter),
        }
        safe
    })
}

/// Text as a part of an address, or the value of one of its parameters.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut safe, byte| {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => {
                safe.push(char::from(byte));
            }
            // Writing to a text cannot fail.
            other => drop(write!(safe, "%{other:02X}")),
        }
        safe
    })
}

/// What a spreadsheet takes for the start of a formula. An apostrophe before it
/// makes it text.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a spreadsheet would take this for a formula, but for apostrophes.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// Text that no spreadsheet takes for a formula.
#[must_use]
pub fn no_formula(text: &str) -> String {
    if is_formula(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// The text that [`no_formula`] made this of.
#[must_use]
pub fn from_no_formula(text: &str) -> &str {
    let rest = text.strip_prefix('\'');
    rest.filter(|rest| is_formula(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_has_two_digits_a_byte() {
        assert_eq!(hex([0u8, 10, 255]), "000aff");
        assert_eq!(from_hex("000aFf"), Some(vec![0, 10, 255]));
        for bad in ["0", "000", "+1", "0x", "é", " 1"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_card_number_is_found_in_groups_and_a_date_is_none() {
        for (text, shown) in [
            ("2999 7501 2026", "…"),
            ("12-34-56-78", "…"),
            ("card 2999\u{a0}7501\u{a0}2026.", "card …."),
            ("OTI2999-7501 2026-0714x", "OTI…x"),
            ("2999 75012026", "2999 …"),
            ("2999  7501\u{a0} 2026.", "…."),
            ("2999\u{2011}7501, 12\u{2010}34", "…, 12\u{2010}34"),
            ("2026-07-14-1111", "…"),
            ("2999-07-14", "…"),
            ("2026-07-14 2999 7501", "…"),
            (
                "on 2026-07-14 12:30:00, line 12 34",
                "on 2026-07-14 12:30:00, line 12 34",
            ),
            (
                "1 - 2 - 3 - 4 - 5 - 6 - 7 - 8",
                "1 - 2 - 3 - 4 - 5 - 6 - 7 - 8",
            ),
            ("192.168.100.200 1", "192.168.100.200 1"),
        ] {
            assert_eq!(without_numbers(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_means_something_elsewhere_is_escaped() {
        assert_eq!(escaped("<a b=\"&\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
        assert_eq!(percent_encoded("A_b-1.é /"), "A_b-1.%C3%A9%20%2F");
    }

    #[test]
    fn a_spreadsheet_finds_no_formula_and_the_text_comes_back() {
        for formula in ["=1+1", "+1", "-1", "@a", "\t=1", "\r", "'=1", "''@"] {
            let safe = no_formula(formula);
            assert_eq!(safe, format!("'{formula}"));
            assert_eq!(from_no_formula(&safe), formula);
        }
        for text in ["", "'", "1=1", "'quoted'"] {
            assert_eq!(no_formula(text), text);
            assert_eq!(from_no_formula(text), text);
        }
    }
}
