//! Texts from outside may repeat a card number or a barcode; messages must not.

/// `text` [without numbers](kernel::without_numbers), cut to `max_chars`
/// characters, control characters shown as spaces.
pub(crate) fn without_numbers(text: &str, max_chars: usize) -> String {
    let shown = kernel::without_numbers(text).replace(char::is_control, " ");
    shown.trim().chars().take(max_chars).collect()
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
