//! Recognising a pass in the text a scanner read. Pure: no I/O, no clock.

use kernel::{CardNumber, Checksum, NumType, NumberFormat};

/// The card number in `code`, the raw text a scanner read; `None` if it is not
/// a pass.
///
/// White space and control characters at both ends don't count. A chip's text
/// is `<client>-<number>`; it is one of ours if the client is `project_id`, in
/// any case. Letters of a serial come out in capitals.
#[must_use]
pub fn detect(code: &str, project_id: &str, format: &NumberFormat) -> Option<CardNumber> {
    let code = code.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let number = without_client(code, project_id);
    let letters_end = match format.num_type {
        NumType::Number => 0,
        NumType::Serial => number
            .bytes()
            .position(|b| !b.is_ascii_alphabetic())
            .unwrap_or(number.len()),
    };
    // The split lies behind ASCII letters only, hence on a character boundary.
    let (letters, digits) = number.split_at(letters_end);
    let shaped = match format.num_type {
        NumType::Number => digits.bytes().any(|b| b != b'0'),
        NumType::Serial => format.letters.fits(letters),
    };
    let proven = match format.checksum {
        Checksum::Luhn => luhn_fits(digits),
        Checksum::None => true,
    };
    let fits = shaped
        && format.digits.fits(digits)
        && digits.bytes().all(|b| b.is_ascii_digit())
        && proven;
    fits.then(|| number.to_ascii_uppercase().parse().ok())
        .flatten()
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
