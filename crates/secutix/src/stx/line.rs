//! One line of the file and its fields. A quoted field never goes over the end
//! of its line: else one lost quotation mark would swallow the rows after it.
//! Between tabs, quotation marks need mean nothing: some programs write texts there
//! as they are, others quote them.

use std::borrow::Cow;

/// A quotation mark that opens and does not close, or closes in mid-field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnbalancedQuotes;

/// The fields of `line`. A field may stand in quotation marks, and then holds
/// separators as they are and quotation marks doubled.
pub(super) fn split(line: &str, separator: char) -> Result<Vec<Cow<'_, str>>, UnbalancedQuotes> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, end) = match rest.strip_prefix('"') {
            Some(quoted) if quotes(quoted, separator) => {
                let close = closing_quote(quoted).ok_or(UnbalancedQuotes)?;
                let text = &quoted[..close];
                let field = if text.contains('"') {
                    Cow::Owned(text.replace("\"\"", "\""))
                } else {
                    Cow::Borrowed(text)
                };
                (field, &quoted[close + 1..])
            }
            _ => {
                let end = rest.find(separator).unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        fields.push(field);
        if end.is_empty() {
            return Ok(fields);
        }
        rest = end.strip_prefix(separator).ok_or(UnbalancedQuotes)?;
    }
}

/// Whether the mark before this quotes.
fn quotes(quoted: &str, separator: char) -> bool {
    let balanced = |close: usize| {
        let behind = &quoted[close + 1..];
        behind.is_empty() || behind.starts_with(separator)
    };
    separator != '\t' || closing_quote(quoted).is_some_and(balanced)
}

/// Where the first quotation mark stands that is not one of a pair.
fn closing_quote(quoted: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + quoted[from..].find('"')?;
        if !quoted[at + 1..].starts_with('"') {
            return Some(at);
        }
        from = at + 2;
    }
}

/// Writes `fields` as one line, with its end.
pub(super) fn join<S: AsRef<str>>(fields: impl IntoIterator<Item = S>, separator: char) -> String {
    let mut line = String::new();
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            line.push(separator);
        }
        let field = field.as_ref();
        let quotes = match separator {
            // The vendor's importer takes no quotation marks off here.
            '\t' => field.starts_with('"') || field.contains('\t'),
            _ => field.contains([separator, '"']),
        };
        if quotes {
            line.push('"');
            line.push_str(&field.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(field);
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_split_at_separators_outside_quotes() {
        for (line, fields) in [
            ("", Some(vec![""])),
            ("a;b", Some(vec!["a", "b"])),
            ("a;", Some(vec!["a", ""])),
            (";;", Some(vec!["", "", ""])),
            (r#""a;b";c"#, Some(vec!["a;b", "c"])),
            (r#""a ""b""";c"#, Some(vec![r#"a "b""#, "c"])),
            (r#""""#, Some(vec![""])),
            (r#""""""#, Some(vec!["\""])),
            (r#"5" disc;c"#, Some(vec![r#"5" disc"#, "c"])),
            (r#"a;"b;c"#, None),
            (r#""a"b;c"#, None),
            (r#"a;""""#, None),
            ("\"a;b\"\tc", Some(vec!["a;b", "c"])),
            ("\"a\" b\tc\t\"", Some(vec![r#""a" b"#, "c", "\""])),
        ] {
            let separator = if line.contains('\t') { '\t' } else { ';' };
            let split = split(line, separator).ok();
            let split = split
                .as_ref()
                .map(|s| s.iter().map(AsRef::as_ref).collect::<Vec<&str>>());
            assert_eq!(split, fields, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_joined_splits_into_the_same(fields in prop::collection::vec("[a\"; ,é]{0,6}", 1..6)) {
            for separator in [';', '\t'] {
                let line = join(&fields, separator);
                prop_assert_eq!(&split(line.trim_end_matches('\n'), separator).unwrap(), &fields);
            }
        }

        #[test]
        fn any_line_splits_or_is_refused(line in "[a\";]{0,20}") {
            if let Ok(fields) = split(&line, ';') {
                let again = join(&fields, ';');
                prop_assert_eq!(split(again.trim_end_matches('\n'), ';').unwrap(), fields);
            }
        }
    }
}
