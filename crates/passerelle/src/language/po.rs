//! Texts in two languages, in the form that translators' tools read: GNU gettext's `.po`.

use std::sync::LazyLock;

/// A text in English and in French.
type Entry = [String; 2];

/// What errors say, `{}` for what is filled in; in French, where `{1}` is the second of
/// the places. The more special sentence stands first.
pub(super) static ERRORS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| entries(include_str!("../../fr/errors.po")));

/// The help of each command.
pub(crate) static HELP: LazyLock<Vec<Entry>> =
    LazyLock::new(|| entries(include_str!("../../fr/help.po")));

/// The entries of a file, without its head. A text may go on over several lines; tests
/// see to it that each line is one of those that are read here.
fn entries(po: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0;
    for line in po.lines() {
        let (word, quoted) = line.split_at(line.find('"').unwrap_or(line.len()));
        match word.trim() {
            "msgid" => {
                entries.push(Entry::default());
                at = 0;
            }
            "msgstr" => at = 1,
            "" => {}
            _ => continue,
        }
        // It is quoted as JSON is.
        if let (Some(entry), Ok(text)) =
            (entries.last_mut(), serde_json::from_str::<String>(quoted))
        {
            entry[at] += &text;
        }
    }
    entries.retain(|[english, _]| !english.is_empty());
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_line_is_read_and_each_text_is_there_once_in_both_languages() {
        for (po, entries) in [
            (include_str!("../../fr/errors.po"), &*ERRORS),
            (include_str!("../../fr/help.po"), &*HELP),
        ] {
            assert!(!po.contains("fuzzy"), "a guess is no translation");
            for line in po.lines() {
                let begins = |word| line.strip_prefix(word);
                let quoted = begins("msgid ")
                    .or_else(|| begins("msgstr "))
                    .unwrap_or(line);
                let is_text = serde_json::from_str::<String>(quoted).is_ok();
                assert!(
                    is_text || line.is_empty() || line.starts_with('#'),
                    "{line}"
                );
            }
            assert!(entries.len() > 100);
            let texts: BTreeSet<_> = entries.iter().map(|[english, _]| english).collect();
            assert_eq!(texts.len(), entries.len());
            for [english, french] in entries {
                assert!(!french.is_empty(), "{english}");
                assert!(!kernel::text::tears(french), "{french}");
            }
        }
    }
}
