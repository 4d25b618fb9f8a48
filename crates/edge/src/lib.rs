//! The turnstile agent: decides at the door, journals, synchronises.

pub mod journal;

pub use journal::{Journal, JournalSettings};
