//! Standard output that may be closed: a reader that has seen enough (`… |
//! head`) is no error, and nothing panics because nobody listens.

use crate::Verdict;
use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;
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

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs; money in minor units.
    Json,
}

/// Prints for people, or as JSON.
pub fn print<T: Serialize>(
    format: Format,
    result: &T,
    for_people: impl FnOnce(&T) -> String,
) -> Result<Verdict> {
    match format {
        Format::Table => out!("{}", for_people(result)),
        Format::Json => outln!(
            "{}",
            serde_json::to_string_pretty(result).context("this cannot be written as JSON")?
        ),
    }
    Ok(Verdict::Fine)
}
