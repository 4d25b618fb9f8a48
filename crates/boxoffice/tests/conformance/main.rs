//! What the box office must do alike on every engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cancellation;
mod desk;
mod history;
mod import;
mod museum_files;
mod reports;
mod runs;
mod staging;
mod unsold;
mod uploads;
