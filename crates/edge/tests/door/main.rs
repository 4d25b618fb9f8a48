//! The door: what the turnstile does with each scan, answer, silence and fault,
//! played without network and without waiting.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deciding;
mod faults;
mod sending;
mod stage;
