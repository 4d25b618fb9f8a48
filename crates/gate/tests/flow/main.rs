//! Checks from scan to record, against a real sandbox over HTTP, on every
//! database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod house;
mod journal;
