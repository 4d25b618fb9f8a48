//! The line protocol: one line in, one line out. Pure but for reading.

use crate::agent::{Answer, OnceMore, Went, Wish};
use crate::config::{DoorOptions, Spelling};
use gate::Direction;
use serde_json::json;
use std::io::{self, Read};

/// The most bytes of a line.
pub const LINE_LIMIT_BYTES: usize = 512;

/// A line as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// What it holds, without its end.
    Text(String),
    /// More than [`LINE_LIMIT_BYTES`]; skipped up to its end.
    TooLong,
}

/// Cuts what is read into lines. They end with CR, LF or both; empty ones don't
/// count.
#[derive(Debug, Default)]
pub struct Lines {
    begun: Vec<u8>,
    /// Behind it nothing of the buffer has been looked at.
    too_long: bool,
}

impl Lines {
    /// Takes one more byte and gives the line that it ends.
    pub fn take(&mut self, byte: u8) -> Option<Line> {
        if byte == b'\n' || byte == b'\r' {
            let text = std::mem::take(&mut self.begun);
            if std::mem::take(&mut self.too_long) {
                return Some(Line::TooLong);
            }
            return (!text.is_empty())
                .then(|| Line::Text(String::from_utf8_lossy(&text).into_owned()));
        }
        if self.begun.len() == LINE_LIMIT_BYTES {
            self.too_long = true;
            self.begun.clear();
        }
        if !self.too_long {
            self.begun.push(byte);
        }
        None
    }

    /// The line that was begun when the input ended.
    pub fn rest(&mut self) -> Option<Line> {
        self.take(b'\n')
    }
}

/// Reads lines and gives each to `each`, until the input ends or `each` says so. What
/// was begun when the input ended is given back: where something was cut off, it is half
/// a code.
///
/// # Errors
/// If the input cannot be read.
pub fn read_lines(
    mut input: impl Read,
    mut each: impl FnMut(Line) -> Go,
) -> io::Result<Option<Line>> {
    let mut lines = Lines::default();
    let mut buffer = [0; 1024];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => return Ok(lines.rest()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for byte in &buffer[..count] {
            if let Some(line) = lines.take(*byte)
                && each(line) == Go::Stop
            {
                return Ok(None);
            }
        }
    }
}

/// Whether reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// It does.
    On,
    /// Nobody listens any more.
    Stop,
}

/// What `line` asks for, by the prefixes of the configuration.
#[must_use]
pub fn wish(line: Line, options: &DoorOptions) -> Wish {
    let Line::Text(text) = line else {
        return Wish::TooLong;
    };
    for (whole, wish) in [
        (&options.cancel_line, Wish::CancelLast),
        (&options.more_line, Wish::OnceMore(OnceMore::Person)),
        (&options.again_line, Wish::OnceMore(OnceMore::Check)),
        (&options.passed_line, Wish::Passage(Went::Through)),
        (&options.not_passed_line, Wish::Passage(Went::Nowhere)),
    ] {
        if whole.as_ref() == Some(&text) {
            return wish;
        }
    }
    for (prefix, direction) in [
        (&options.entry_prefix, Direction::Entry),
        (&options.exit_prefix, Direction::Exit),
    ] {
        let prefix = prefix.as_deref().filter(|prefix| !prefix.is_empty());
        if let Some(code) = prefix.and_then(|prefix| text.strip_prefix(prefix)) {
            return Wish::Check(code.to_owned(), Some(direction));
        }
    }
    Wish::Check(text, None)
}

/// The answer's line, with its end; `same` is the word for one that is the same as
/// before.
#[must_use]
pub fn spell(answer: &Answer, spelling: Spelling, same: &str) -> String {
    let pass = answer.pass_number.as_ref().map(|card| card.reveal());
    match spelling {
        Spelling::Plain => format!(
            "{} {} {} {}\n",
            match answer {
                Answer { same: true, .. } => same,
                Answer { open: true, .. } => "OPEN",
                _ => "CLOSED",
            },
            answer.outcome,
            pass.unwrap_or("-"),
            // A line is a line, whatever the server says.
            answer.message.replace(char::is_control, " "),
        ),
        Spelling::Json => {
            let mut object = json!(answer);
            if let Some(fields) = object.as_object_mut() {
                fields.retain(|_, value| !value.is_null());
            }
            format!("{object}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let rest = read_lines(input, |line| {
            lines.push(line);
            Go::On
        });
        lines.extend(rest.unwrap());
        lines
    }

    fn text(text: &str) -> Line {
        Line::Text(text.to_owned())
    }

    #[test]
    fn lines_end_with_what_scanners_send() {
        let lines = read(b"one\r\ntwo\rthree\n\n\r\nfour");
        assert_eq!(lines, ["one", "two", "three", "four"].map(text));
        assert_eq!(read(b"\xff\n"), [text("\u{fffd}")]);
    }

    #[test]
    fn a_long_line_is_refused_and_the_next_one_is_read() {
        let longest = "x".repeat(512);
        let mut input = format!("{longest}\n{longest}y\nnext\n").into_bytes();
        input.extend(vec![b'z'; 100_000]);
        input.extend(b"\nlast\n");
        let expected = [
            text(&longest),
            Line::TooLong,
            text("next"),
            Line::TooLong,
            text("last"),
        ];
        assert_eq!(read(&input), expected);
    }

    #[test]
    fn a_line_says_what_it_wants() {
        let options = DoorOptions {
            entry_prefix: Some("E:".to_owned()),
            exit_prefix: Some("X:".to_owned()),
            cancel_line: Some("CANCEL".to_owned()),
            more_line: Some("MORE".to_owned()),
            again_line: Some("AGAIN".to_owned()),
            passed_line: Some("PASSED".to_owned()),
            not_passed_line: Some("TIMEOUT".to_owned()),
            ..DoorOptions::default()
        };
        let check = |code: &str, direction| Wish::Check(code.to_owned(), direction);
        for (line, expected) in [
            ("12345674", check("12345674", None)),
            ("E:12345674", check("12345674", Some(Direction::Entry))),
            ("X:12345674", check("12345674", Some(Direction::Exit))),
            ("CANCEL", Wish::CancelLast),
            ("MORE", Wish::OnceMore(OnceMore::Person)),
            ("AGAIN", Wish::OnceMore(OnceMore::Check)),
            ("PASSED", Wish::Passage(Went::Through)),
            ("TIMEOUT", Wish::Passage(Went::Nowhere)),
        ] {
            assert_eq!(wish(text(line), &options), expected);
        }
        let plain = DoorOptions::default();
        assert_eq!(wish(text("CANCEL"), &plain), check("CANCEL", None));
        assert_eq!(wish(Line::TooLong, &plain), Wish::TooLong);
    }

    #[test]
    fn an_answer_is_one_line() {
        let mut answer = Answer {
            open: true,
            same: false,
            reopened: false,
            outcome: "accepted".to_owned(),
            message: "Welcome".to_owned(),
            pass_number: Some("12345674".parse().unwrap()),
            valid_until: Some("2026-07-16".parse().unwrap()),
            entries_left: Some(kernel::EntriesLeft::Unlimited),
            count_today: 3,
        };
        assert_eq!(
            spell(&answer, Spelling::Plain, "SAME"),
            "OPEN accepted 12345674 Welcome\n"
        );
        assert_eq!(
            spell(&answer, Spelling::Json, "SAME"),
            "{\"count_today\":3,\"entries_left\":\"unlimited\",\"message\":\"Welcome\",\
             \"open\":true,\"outcome\":\"accepted\",\"pass_number\":\"12345674\",\
             \"valid_until\":\"2026-07-16\"}\n"
        );
        answer.open = false;
        answer.pass_number = None;
        answer.message = "No\r\nOPEN".to_owned();
        assert_eq!(
            spell(&answer, Spelling::Plain, "SAME"),
            "CLOSED accepted - No  OPEN\n"
        );
        answer.same = true;
        assert_eq!(
            spell(&answer, Spelling::Plain, "AGAIN"),
            "AGAIN accepted - No  OPEN\n"
        );
        assert!(spell(&answer, Spelling::Json, "AGAIN").contains("\"same\":true"));
    }
}
