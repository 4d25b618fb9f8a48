//! What keeps a house in order, with real processes: backup and restore, the end
//! of card numbers, the support bundle.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup;
mod house;
mod kept;
mod retention;
mod support;
