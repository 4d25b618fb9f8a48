//! The door and its journal: what the turnstile does with each scan, answer,
//! silence and fault, and what is there again afterwards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod door;
mod journal;
