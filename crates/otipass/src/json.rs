//! A JSON reader for texts that people paste: it knows where everything stands,
//! forgives what is clear, and goes on after a mistake so that one run finds
//! them all.

use crate::finding::{Findings, Position, quoted};

/// The deepest nesting; mapping parameters need three.
const DEPTH_LIMIT: usize = 16;

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
    findings: &'f mut Findings,
}

impl Reader<'_> {
    fn document(&mut self) -> Node {
        if self.peek() == Some('\u{feff}') {
            self.next += 1;
            self.note(
                "byte_order_mark",
                Position::START,
                "The text begins with a byte-order mark.",
                "Save it as UTF-8 without one.",
            );
        }
        self.skip_blank();
        if self.peek().is_none() {
            self.mistake(
                "mapping_empty",
                self.at,
                "There are no mapping parameters.",
                "Paste the JSON that Otipass or SecuTix gave you.",
            );
            let (at, end, value) = (self.at, self.at, Value::Broken);
            return Node { at, end, value };
        }
        let root = self.value(1);
        self.skip_blank();
        if let Some(found) = self.peek() {
            let what =
                format!("After the end of the JSON there is more, beginning with {found:?}.");
            let cure = match found {
                '}' | ']' => "Take it out; or an opening brace is missing before it.",
                _ => "Take it out; all parameters stand between one pair of braces.",
            };
            self.mistake("text_after_end", self.at, &what, cure);
        }
        root
    }

    fn value(&mut self, depth: usize) -> Node {
        self.skip_blank();
        let at = self.at;
        let value = match self.peek() {
            Some('{' | '[') if depth > DEPTH_LIMIT => {
                self.mistake(
                    "nested_too_deep",
                    at,
                    "Braces stand within braces more than 16 times.",
                    "Mapping parameters need three; check that every brace is closed in its place.",
                );
                self.next = self.chars.len();
                Value::Broken
            }
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some(open) if closing_quotes(open).is_some() => Value::Text(self.quoted_text()),
            Some(c) if is_bare(c) => self.bare(),
            Some(',' | '}' | ']') | None => {
                self.mistake(
                    "value_missing",
                    at,
                    "A value is missing here.",
                    "Write it in quotes.",
                );
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
                    let what = "A brace opens where a name should be.";
                    let cure = "Write a name in quotes and a colon before it.";
                    self.mistake("key_missing", key_at, what, cure);
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
        let what = format!("After {} there is no colon.", quoted(key));
        self.mistake(
            "colon_missing",
            end,
            &what,
            "Write a colon between name and value.",
        );
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
        self.bump();
        while self.goes_on(']', opened) {
            self.value(depth + 1);
            self.separator();
        }
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
                        let what = format!("The {open} of {opened} is closed by {found}.");
                        let cure = format!("Close it by {close}.");
                        self.mistake("wrong_bracket", self.at, &what, &cure);
                    }
                    self.bump();
                    return false;
                }
                Some(',') => {
                    self.note(
                        "extra_comma",
                        self.at,
                        "There is a comma too many.",
                        "Take it out.",
                    );
                    self.bump();
                }
                Some(_) => return true,
                None => {
                    let what = format!("The {open} of {opened} is never closed.");
                    let cure = format!("Write {close} where it ends.");
                    self.mistake("brace_not_closed", self.at, &what, &cure);
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
                    let what = "There is a comma behind the last entry.";
                    self.note("trailing_comma", at, what, "Take it out.");
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
        let what = "There is no comma between two entries.";
        self.mistake("comma_missing", end, what, "Write a comma here.");
    }

    /// A text between quotes; the next character opens it.
    fn quoted_text(&mut self) -> String {
        let start = self.at;
        let open = self.bump().unwrap_or('"');
        let closing = closing_quotes(open).unwrap_or("\"");
        if open != '"' {
            let what = format!("A text is quoted by {open} instead of \".");
            let cure = "Write straight double quotes; word processors change them.";
            self.mistake("wrong_quotes", start, &what, cure);
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
                        let what = "A text holds a tab or another control character.";
                        self.note("control_character", self.at, what, "Take it out.");
                    }
                    text.push(c);
                    self.bump();
                }
            }
        }
        self.comma_forgiven = true;
        let text = text.trim_end().trim_end_matches(',').to_owned();
        let what = format!(
            "The quotes before {} are not closed on this line.",
            quoted(&text)
        );
        self.mistake(
            "quote_not_closed",
            start,
            &what,
            "Write \" where the text ends.",
        );
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
            None => self.bad_escape(at),
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
            self.bad_escape(at);
        }
        found
    }

    fn bad_escape(&mut self, at: Position) {
        let what = "A backslash stands before something it cannot stand before.";
        self.mistake(
            "bad_escape",
            at,
            what,
            "Take it out, or write \\\\ for a backslash itself.",
        );
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
        let what = format!("{} stands without quotes.", quoted(text));
        self.mistake(
            "quotes_missing",
            at,
            &what,
            "Write it in straight double quotes.",
        );
    }

    /// Reports a character and goes on where something may begin again.
    fn unexpected(&mut self, found: char) {
        let what = format!("The character {found:?} cannot stand here.");
        self.mistake("unexpected_character", self.at, &what, "Take it out.");
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
                        let what =
                            "There is a space that JSON does not know, as web pages have them.";
                        self.note("odd_space", self.at, what, "Replace it by a plain space.");
                    }
                    self.bump();
                }
                (Some('/'), Some('/')) | (Some('#'), _) => {
                    self.comment_found();
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
        self.comment_found();
        self.bump();
        self.bump();
        let mut before = None;
        while let Some(c) = self.bump() {
            if (before, c) == (Some('*'), '/') {
                return;
            }
            before = Some(c);
        }
        let what = "A comment begins here and never ends.";
        self.mistake(
            "comment_not_closed",
            at,
            what,
            "Take it out, or write */ where it ends.",
        );
    }

    fn comment_found(&mut self) {
        let what = "A comment was left in.";
        let cure = "Take it out: other readers of this text refuse comments.";
        self.note("comment_left_in", self.at, what, cure);
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

    fn note(&mut self, code: &'static str, at: Position, what: &str, cure: &str) {
        self.findings
            .note(code, at, what.to_owned(), cure.to_owned());
    }

    fn mistake(&mut self, code: &'static str, at: Position, what: &str, cure: &str) {
        self.findings
            .mistake(code, at, what.to_owned(), cure.to_owned());
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
