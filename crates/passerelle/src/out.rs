//! Standard output that may be closed: a reader that has seen enough (`… |
//! head`) is no error, and nothing panics because nobody listens.

use std::fmt;
use std::io::Write;

/// Writes to standard output; whether anybody reads it does not matter.
pub fn write(text: fmt::Arguments<'_>) {
    let _ = std::io::stdout().lock().write_fmt(text);
}

/// As [`write()`], to standard error.
pub fn write_error(text: fmt::Arguments<'_>) {
    let _ = std::io::stderr().lock().write_fmt(text);
}

/// `print!`, for an output that may be closed.
macro_rules! out {
    ($($text:tt)*) => { $crate::out::write(format_args!($($text)*)) };
}

/// `println!`, for an output that may be closed.
macro_rules! outln {
    ($($text:tt)*) => {
        $crate::out::write(format_args!("{}\n", format_args!($($text)*)))
    };
}

/// `eprintln!`, for an output that may be closed.
macro_rules! errln {
    ($($text:tt)*) => {
        $crate::out::write_error(format_args!("{}\n", format_args!($($text)*)))
    };
}
