//! A JSON reader for texts that people paste: it knows where everything stands,
//! forgives what is clear, and goes on after a mistake so that one run finds
//! them all.

use crate::found;
use kernel::finding::{Finding, Phrase, Position};

/// The deepest nesting; mapping parameters need three.
const DEPTH_LIMIT: usize = 16;

/// The findings of one run.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Nobody reads more; a text with more is not a mapping.
    const LIMIT: usize = 100;

    /// Takes what was found at a place; `found` makes it of the place.
    pub(crate) fn add(&mut self, at: Position, found: impl FnOnce(Position) -> Finding) {
        let finding = match self.0.len() {
            Self::LIMIT.. => return,
            // The last one is a mistake, so that none hides behind the limit.
            count if count + 1 == Self::LIMIT => found::too_many_findings(at),
            _ => found(at),
        };
        self.0.push(finding.concerning(at, None));
    }

    /// All of them, in the order of the text.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.mapped_at);
        self.0
    }
}

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    /// Behind its last character.
    pub(crate) end: Position,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    Object(Vec<Member>),
    /// No mapping parameter is a list, so its entries are read and dropped.
    List,
    Text(String),
    /// As it is written.
    Number(String),
    TrueOrFalse,
    Null,
    /// Something unreadable that was reported already.
    Broken,
}

/// One `"key": value` of an object. Keys can repeat.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_at: Position,
    pub(crate) node: Node,
}

/// Reads one value and reports what is odd or wrong.
pub(crate) fn read(text: &str, findings: &mut Findings) -> Node {
    let mut reader = Reader {
        chars: text.chars().collect(),
        next: 0,
        at: Position::START,
        comma_forgiven: false,
        odd_space_seen: false,
        unclosed: Vec::new(),
        ends_inside: false,
        is_lost: false,
        open: 0,
        findings,
    };
    reader.document()
}

struct Reader<'f> {
    chars: Vec<char>,
    next: usize,
    at: Position,
    /// A quote that was not closed swallowed what followed on its line.
    comma_forgiven: bool,
    odd_space_seen: bool,
    /// What was opened and is still open at the end, the innermost first: the brace,
    /// where it stands, and what closes it.
    unclosed: Vec<(char, Position, char)>,
    /// The text ends where a name, a value or the rest of one should stand.
    ends_inside: bool,
    /// What swallowed the end was said already.
    is_lost: bool,
    /// How many braces and brackets are open.
    open: usize,
    findings: &'f mut Findings,
}

impl Reader<'_> {
    fn document(&mut self) -> Node {
        if self.peek() == Some('\u{feff}') {
            self.next += 1;
            self.findings.add(self.at, found::byte_order_mark);
        }
        self.skip_blank();
        if self.peek().is_none() {
            self.findings.add(self.at, found::mapping_empty);
            let (at, end, value) = (self.at, self.at, Value::Broken);
            return Node { at, end, value };
        }
        let root = self.value(1);
        self.end();
        self.skip_blank();
        if let Some(found) = self.peek() {
            self.findings.add(self.at, |at| match found {
                '}' | ']' => found::brace_after_end(at, format!("{found:?}")),
                '{' => found::text_twice(at),
                _ => found::text_after_end(at, format!("{found:?}")),
            });
        }
        root
    }

    /// Says what is still open at the end. One brace may have been forgotten; several,
    /// or an end in the middle of something, are a text that was cut.
    fn end(&mut self) {
        let whole = self.chars.iter().rev().find(|c| !c.is_whitespace());
        let is_cut = self.unclosed.len() > 1
            || self.ends_inside
            || whole.is_some_and(|last| !matches!(last, '}' | ']'));
        let unclosed = std::mem::take(&mut self.unclosed);
        for (open, opened, close) in unclosed {
            if is_cut && !self.is_lost {
                return self.findings.add(self.at, found::text_cut);
            }
            self.findings.add(self.at, |at| {
                found::brace_not_closed(at, open, opened, close)
            });
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        self.skip_blank();
        let at = self.at;
        let value = match self.peek() {
            Some('{' | '[') if depth > DEPTH_LIMIT => {
                self.findings.add(at, found::nested_too_deep);
                self.next = self.chars.len();
                self.is_lost = true;
                Value::Broken
            }
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some(open) if closing_quotes(open).is_some() => Value::Text(self.quoted_text()),
            Some(c) if is_bare(c) => self.bare(),
            Some(',' | '}' | ']') => {
                self.findings.add(at, found::value_missing);
                Value::Broken
            }
            None => {
                self.ends_inside = true;
                Value::Broken
            }
            Some(found) => {
                self.unexpected(found);
                Value::Broken
            }
        };
        let end = self.at;
        Node { at, end, value }
    }

    fn object(&mut self, depth: usize) -> Value {
        let opened = self.at;
        let mut members = Vec::new();
        self.open += 1;
        self.bump();
        while self.goes_on('}', opened) {
            let key_at = self.at;
            let key = match self.peek() {
                Some(open) if closing_quotes(open).is_some() => self.quoted_text(),
                Some(c) if is_bare(c) => {
                    let key = self.bare_text();
                    self.quotes_missing(key_at, &key);
                    key
                }
                Some('{' | '[') => {
                    self.findings.add(key_at, found::key_missing);
                    self.value(depth + 1);
                    self.separator();
                    continue;
                }
                Some(found) => {
                    self.unexpected(found);
                    continue;
                }
                None => break,
            };
            let node = self.after_key(&key, depth);
            members.push(Member { key, key_at, node });
            self.separator();
        }
        self.open -= 1;
        Value::Object(members)
    }

    /// The value that belongs to `key`.
    fn after_key(&mut self, key: &str, depth: usize) -> Node {
        let end = self.at;
        self.skip_blank();
        match self.peek() {
            Some(':') => {
                self.bump();
                return self.value(depth + 1);
            }
            Some('=') => {
                self.bump();
            }
            _ => {}
        }
        if self.peek().is_none() {
            self.ends_inside = true;
        } else {
            self.findings
                .add(end, |at| found::colon_missing(at, Phrase::quoted(key)));
        }
        match self.peek() {
            Some(',' | '}' | ']') | None => Node {
                at: end,
                end,
                value: Value::Broken,
            },
            _ => self.value(depth + 1),
        }
    }

    fn list(&mut self, depth: usize) -> Value {
        let opened = self.at;
        self.open += 1;
        self.bump();
        while self.goes_on(']', opened) {
            self.value(depth + 1);
            self.separator();
        }
        self.open -= 1;
        Value::List
    }

    /// Whether an entry follows, before `close` ends what was `opened`.
    fn goes_on(&mut self, close: char, opened: Position) -> bool {
        let open = if close == '}' { '{' } else { '[' };
        self.comma_forgiven = false;
        loop {
            self.skip_blank();
            match self.peek() {
                Some(found @ ('}' | ']')) => {
                    if found != close {
                        self.findings.add(self.at, |at| {
                            found::wrong_bracket(at, open, opened, found, close)
                        });
                    }
                    self.bump();
                    return false;
                }
                Some(',') => {
                    self.findings.add(self.at, found::extra_comma);
                    self.bump();
                }
                Some(_) => return true,
                None => {
                    self.unclosed.push((open, opened, close));
                    return false;
                }
            }
        }
    }

    /// What stands between two entries, or behind the last one.
    fn separator(&mut self) {
        let end = self.at;
        self.skip_blank();
        let at = self.at;
        match self.peek() {
            Some(',') => {
                self.bump();
                self.skip_blank();
                if matches!(self.peek(), Some('}' | ']')) {
                    self.findings.add(at, found::trailing_comma);
                }
                return;
            }
            Some('}' | ']') | None => return,
            Some(';') => {
                self.bump();
            }
            Some(_) if self.comma_forgiven => return,
            Some(_) => {}
        }
        self.findings.add(end, found::comma_missing);
    }

    /// A text between quotes; the next character opens it.
    fn quoted_text(&mut self) -> String {
        let start = self.at;
        let open = self.bump().unwrap_or('"');
        let closing = closing_quotes(open).unwrap_or("\"");
        if open != '"' {
            self.findings.add(start, |at| found::wrong_quotes(at, open));
        }
        let mut text = String::new();
        loop {
            match self.peek() {
                None | Some('\n' | '\r') => break,
                Some(c) if closing.contains(c) => {
                    self.bump();
                    return text;
                }
                Some('\\') => text.extend(self.escape()),
                Some(c) => {
                    if c.is_control() {
                        self.findings.add(self.at, found::control_character);
                    }
                    text.push(c);
                    self.bump();
                }
            }
        }
        self.comma_forgiven = true;
        let text = text.trim_end().trim_end_matches(',').to_owned();
        if self.peek().is_none() && self.open > 0 {
            self.ends_inside = true;
            return text;
        }
        self.findings.add(start, |at| {
            found::quote_not_closed(at, Phrase::quoted(&text))
        });
        text
    }

    /// The character an escape stands for; the next character is its backslash.
    fn escape(&mut self) -> Option<char> {
        let at = self.at;
        self.bump();
        let escaped = match self.peek() {
            Some(c @ ('"' | '\\' | '/')) => Some(c),
            Some('n' | 'r' | 't' | 'b' | 'f') => Some(' '),
            Some('u') => return self.unicode_escape(at),
            _ => None,
        };
        match escaped {
            Some(_) => {
                self.bump();
            }
            None => self.findings.add(at, found::bad_escape),
        }
        escaped
    }

    fn unicode_escape(&mut self, at: Position) -> Option<char> {
        self.bump();
        let mut digits = String::new();
        while digits.len() < 4 && self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
            digits.extend(self.bump());
        }
        // Halves of surrogate pairs fail here, too: no code needs them.
        let found = (digits.len() == 4)
            .then(|| {
                u32::from_str_radix(&digits, 16)
                    .ok()
                    .and_then(char::from_u32)
            })
            .flatten();
        if found.is_none() {
            self.findings.add(at, found::bad_escape);
        }
        found
    }

    fn bare(&mut self) -> Value {
        let at = self.at;
        let text = self.bare_text();
        match text.as_str() {
            "true" | "false" => Value::TrueOrFalse,
            "null" => Value::Null,
            number
                if number
                    .bytes()
                    .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
                    && number.bytes().any(|b| b.is_ascii_digit()) =>
            {
                Value::Number(text)
            }
            _ => {
                self.quotes_missing(at, &text);
                Value::Text(text)
            }
        }
    }

    fn bare_text(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| is_bare(*c)) {
            text.push(c);
            self.bump();
        }
        text
    }

    fn quotes_missing(&mut self, at: Position, text: &str) {
        self.findings
            .add(at, |at| found::quotes_missing(at, Phrase::quoted(text)));
    }

    /// Reports a character and goes on where something may begin again.
    fn unexpected(&mut self, found: char) {
        self.findings.add(self.at, |at| {
            found::unexpected_character(at, format!("{found:?}"))
        });
        self.bump();
        while self
            .peek()
            .is_some_and(|c| !matches!(c, ',' | '{' | '}' | '[' | ']' | '"' | '\n'))
        {
            self.bump();
        }
    }

    fn skip_blank(&mut self) {
        loop {
            match (self.peek(), self.chars.get(self.next + 1)) {
                (Some(' ' | '\t' | '\n' | '\r'), _) => {
                    self.bump();
                }
                (Some(c), _) if c.is_whitespace() || is_invisible(c) => {
                    if !self.odd_space_seen {
                        self.odd_space_seen = true;
                        self.findings.add(self.at, found::odd_space);
                    }
                    self.bump();
                }
                (Some('/'), Some('/')) | (Some('#'), _) => {
                    self.findings.add(self.at, found::comment_left_in);
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.bump();
                    }
                }
                (Some('/'), Some('*')) => self.block_comment(),
                _ => return,
            }
        }
    }

    fn block_comment(&mut self) {
        let at = self.at;
        self.findings.add(at, found::comment_left_in);
        self.bump();
        self.bump();
        let mut before = None;
        while let Some(c) = self.bump() {
            if (before, c) == (Some('*'), '/') {
                return;
            }
            before = Some(c);
        }
        self.is_lost = true;
        self.findings.add(at, found::comment_not_closed);
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.next).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.next += 1;
        if c == '\n' {
            self.at.line += 1;
            self.at.column = 1;
        } else {
            self.at.column += 1;
        }
        Some(c)
    }
}

/// The characters that end what `open` begins, if it is some kind of quote.
pub(crate) fn closing_quotes(open: char) -> Option<&'static str> {
    match open {
        '"' => Some("\""),
        '\'' => Some("'"),
        '“' | '”' | '„' => Some("“”\""),
        '‘' | '’' | '‚' => Some("‘’'"),
        '«' | '»' => Some("«»"),
        _ => None,
    }
}

/// Whether a character can stand in a number, a word, or a text that should
/// have been quoted.
pub(crate) fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '$' | '#')
}

pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}
