//! Places in a text, and what is written there instead.

use crate::json::{closing_quotes, is_bare, is_invisible};
use kernel::finding::Position;
use std::ops::Range;

/// The byte-order mark, which positions do not count.
pub(super) const MARK: char = '\u{feff}';

/// The most characters of a piece of the text on a button.
const SHOWN_CHARS: usize = 40;

/// What is written instead of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    range: Range<usize>,
    with: String,
}

impl Edit {
    pub(super) const fn replace(range: Range<usize>, with: String) -> Self {
        Self { range, with }
    }
}

/// The text with its edits, which do not touch each other; `None` if nothing
/// changes.
pub(super) fn applied(text: &str, edits: &[Edit]) -> Option<String> {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.range.start);
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        out.push_str(text.get(done..edit.range.start)?);
        out.push_str(&edit.with);
        done = edit.range.end;
    }
    out.push_str(text.get(done..)?);
    (out != text).then_some(out)
}

/// The edits without those that touch an earlier one.
pub(super) fn apart(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut end = 0;
    edits.retain(|edit| {
        let free = edit.range.start >= end;
        if free {
            end = edit.range.end.max(edit.range.start + 1);
        }
        free
    });
    edits
}

/// The byte at a position.
pub(super) fn offset(text: &str, at: Position) -> Option<usize> {
    let mut start = if text.starts_with(MARK) {
        MARK.len_utf8()
    } else {
        0
    };
    for _ in 1..at.line {
        start += text[start..].find('\n')? + 1;
    }
    let column = at.column.checked_sub(1)?;
    let mut chars = text[start..].char_indices();
    match chars.nth(column) {
        Some((offset, _)) => Some(start + offset),
        // Behind the last character.
        None => (text[start..].chars().count() == column).then_some(text.len()),
    }
}

/// A text in quotes, or without them.
pub(super) struct Token<'t> {
    /// With its quotes.
    pub(super) range: Range<usize>,
    /// As it is written between them.
    pub(super) inside: &'t str,
}

/// The text that begins at a byte.
pub(super) fn token(text: &str, at: usize) -> Option<Token<'_>> {
    let rest = text.get(at..)?;
    let open = rest.chars().next()?;
    let Some(closing) = closing_quotes(open) else {
        let end = rest.find(|c| !is_bare(c)).unwrap_or(rest.len());
        return (end > 0).then(|| Token {
            range: at..at + end,
            inside: &rest[..end],
        });
    };
    let start = open.len_utf8();
    let mut escaped = false;
    for (index, c) in rest[start..].char_indices() {
        if c == '\n' || c == '\r' {
            return None;
        }
        if closing.contains(c) && !escaped {
            let end = start + index;
            return Some(Token {
                range: at..at + end + c.len_utf8(),
                inside: &rest[start..end],
            });
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// A text as JSON has it.
pub(super) fn quoted(text: &str) -> String {
    raw_quoted(&text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text in quotes that holds its escapes already.
pub(super) fn raw_quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// The comment that begins at a byte.
pub(super) fn comment(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let length = if let Some(inside) = rest.strip_prefix("/*") {
        2 + inside.find("*/")? + 2
    } else {
        let line = rest.find('\n').unwrap_or(rest.len());
        rest[..line].trim_end().len()
    };
    Some(at..at + length)
}

/// A piece with the blanks before it, and with its whole line if nothing else
/// stands there.
pub(super) fn with_blanks(text: &str, piece: Range<usize>) -> Range<usize> {
    let blank = |c: char| c == ' ' || c == '\t' || c == '\r';
    let before = text[..piece.start].trim_end_matches(blank).len();
    let behind = text[piece.end..].trim_start_matches(blank);
    let begins_line = before == 0 || text[..before].ends_with(['\n', MARK]);
    match (begins_line, behind.strip_prefix('\n')) {
        (true, Some(rest)) => before..text.len() - rest.len(),
        (true, None) if behind.is_empty() => before..text.len(),
        (true, None) => piece.start..text.len() - behind.len(),
        (false, Some(_)) => before..piece.end,
        // Two words must not become one.
        (false, None) => piece,
    }
}

/// What a pass over the text meets outside quotes and comments.
fn outside(text: &str, mut meet: impl FnMut(usize, char)) {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") || c == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if closing_quotes(c).is_some() {
            match token(text, at) {
                Some(token) => token.range.len(),
                None => rest.find('\n').unwrap_or(rest.len()),
            }
        } else {
            meet(at, c);
            c.len_utf8()
        };
        while chars
            .clone()
            .next()
            .is_some_and(|(next, _)| next < at + length)
        {
            chars.next();
        }
    }
}

/// Plain spaces for those that JSON does not know, and nothing for those that
/// nobody sees.
pub(super) fn odd_spaces(text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    outside(text, |at, c| {
        let range = at..at + c.len_utf8();
        if is_invisible(c) && !(at == 0 && c == MARK) {
            edits.push(Edit::replace(range, String::new()));
        } else if c.is_whitespace() && !matches!(c, ' ' | '\t' | '\n' | '\r') {
            edits.push(Edit::replace(range, " ".to_owned()));
        }
    });
    edits
}

/// What closes the brace or bracket that was opened last and is still open.
pub(super) fn closing(text: &str) -> Option<char> {
    let mut open = Vec::new();
    outside(text, |_, c| match c {
        '{' => open.push('}'),
        '[' => open.push(']'),
        '}' | ']' => {
            open.pop();
        }
        _ => {}
    });
    open.pop()
}

/// A piece of the text for people: on one line, and cut. A character that nobody
/// sees is named.
pub(super) fn shortened(text: &str) -> String {
    if text
        .trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
        .is_empty()
        && let Some(first) = text.chars().next()
    {
        return format!("U+{:04X}", u32::from(first));
    }
    let mut words = if text.contains('\n') {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    };
    if let Some((cut, _)) = words.char_indices().nth(SHOWN_CHARS) {
        words.truncate(cut);
        words.push('…');
    }
    words
}
