//! Texts from outside may repeat a card number, a barcode, or what a call said;
//! messages must not.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// `text` [without numbers](kernel::without_numbers), cut to `max_chars`
/// characters, control characters shown as spaces.
pub(crate) fn without_numbers(text: &str, max_chars: usize) -> String {
    let shown = kernel::without_numbers(text).replace(char::is_control, " ");
    shown.trim().chars().take(max_chars).collect()
}

/// Takes out of what another writes what it may repeat of a call: secrets, tokens, and
/// numbers.
#[derive(Debug, Clone)]
pub(crate) struct Scrubber {
    /// In each spelling, the longest first.
    secrets: Vec<SecretString>,
}

impl Scrubber {
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let secrets = secrets.into_iter();
        let mut spellings: Vec<_> = secrets.flat_map(|secret| spellings(&secret)).collect();
        spellings.retain(|spelling| !spelling.is_empty());
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        spellings.dedup();
        let secrets = spellings.into_iter().map(Into::into).collect();
        Self { secrets }
    }

    /// What may be kept and shown, of at most `max_chars` characters.
    pub(crate) fn text(&self, text: &str, max_chars: usize) -> String {
        without_numbers(&self.name(text), max_chars)
    }

    /// What may be kept to be compared: without secrets and tokens, but with its numbers.
    pub(crate) fn name(&self, text: &str) -> String {
        let known = self.secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "…")
        });
        without_tokens(&known)
    }
}

/// A secret as it stands in a text, in JSON, in HTML, and in an address.
fn spellings(secret: &str) -> [String; 5] {
    let json = Value::from(secret).to_string();
    let json = json.trim_start_matches('"').strip_suffix('"');
    let json = json.unwrap_or_default().to_owned();
    let ascii = json.chars().fold(String::new(), |mut text, letter| {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            let units = letter.encode_utf16(&mut units).iter();
            text.extend(units.map(|unit| format!("\\u{unit:04x}")));
        }
        text
    });
    [
        secret.to_owned(),
        json,
        ascii,
        kernel::escaped(secret),
        kernel::percent_encoded(secret),
    ]
}

/// How the header of a token begins, `{"`, in base64.
const TOKEN: &str = "eyJ";
/// What stands before a name and a password in base64, in any case.
const BASIC: &str = "basic ";
/// The shortest such pair.
const MIN_BASIC: usize = 8;

/// `text` without signed tokens, which can be tried against passwords, and without
/// credentials of HTTP.
fn without_tokens(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    // Of the same length, so that places in one are places in the other.
    let lower = text.to_ascii_lowercase();
    loop {
        let token = rest.find(TOKEN);
        let basic = lower[text.len() - rest.len()..].find(BASIC);
        let basic = basic.map(|at| at + BASIC.len());
        let Some(start) = token.into_iter().chain(basic).min() else {
            return shown + rest;
        };
        let (before, after) = rest.split_at(start);
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.+/=~".contains(letter);
        let end = after.find(|letter| !is_part(letter)).unwrap_or(after.len());
        let (found, after) = after.split_at(end);
        let is_word = found.len() < MIN_BASIC || found.bytes().all(|b| b.is_ascii_lowercase());
        shown.push_str(before);
        shown.push_str(if is_word && token != Some(start) {
            found
        } else {
            "…"
        });
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::{Scrubber, without_numbers};

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

    #[test]
    fn what_a_call_said_is_not_kept() {
        let scrubber = Scrubber::new(["s\"é&1", "", "pass"].map(str::to_owned));
        for (text, shown) in [
            ("pass s\"é&1 passage", "… … …age"),
            (r#"{"p":"s\"é&1"}"#, r#"{"p":"…"}"#),
            (r#"{"p":"s\"\u00e9&1"}"#, r#"{"p":"…"}"#),
            ("<p>s&quot;é&amp;1", "<p>…"),
            ("?p=s%22%C3%A9%261&q", "?p=…&q"),
            ("Bearer eyJhbGciOi.eyJzd_WI-.x9, no", "Bearer …, no"),
            ("cut off: eyJhb", "cut off: …"),
            (
                "BASIC b3A6c2VjcmV0PQ==; basic authentication",
                "BASIC …; basic authentication",
            ),
            ("card 2999 7501 2026 eyJ", "card … …"),
            ("nothing of it: é", "nothing of it: é"),
        ] {
            assert_eq!(scrubber.text(text, 100), shown, "{text:?}");
        }
        assert_eq!(scrubber.text("xpass", 2), "x…");
        assert!(!format!("{scrubber:?}").contains("pass"));
    }
}
