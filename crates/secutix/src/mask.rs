//! Texts from outside may repeat a card number or a barcode; messages must not.

/// The most digits in a row that a message may show. Years, line numbers and
/// prices fit; card numbers, which have eight or more, do not.
const MAX_DIGITS: usize = 5;

/// `text` with each longer run of digits replaced by `…`, cut to `max_chars`
/// characters, control characters shown as spaces.
pub(crate) fn without_numbers(text: &str, max_chars: usize) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    // The space at the end closes a run of digits that ends the text.
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() > MAX_DIGITS {
            "…"
        } else {
            &digits
        });
        digits.clear();
        out.push(if c.is_control() { ' ' } else { c });
    }
    out.trim().chars().take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn long_runs_of_digits_disappear_and_short_ones_stay() {
        for (text, shown) in [
            ("", ""),
            ("line 12 of 2026", "line 12 of 2026"),
            ("unknown OTI2999750120260714070000114", "unknown OTI…"),
            ("29997501 and 12345", "… and 12345"),
            ("two\nlines\u{0}", "two lines"),
        ] {
            assert_eq!(without_numbers(text, 100), shown, "{text:?}");
        }
        assert_eq!(without_numbers("abcdef", 3), "abc");
    }
}
