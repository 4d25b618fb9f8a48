//! Checks from scan to record, against a real sandbox over HTTP, on every
//! database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod aside;
mod cancellations;
mod checks;
mod day;
mod desk;
mod devices;
mod door;
mod explained;
mod foreign;
mod house;
mod interface;
mod journal;
mod list_body;
mod pass_list;
mod rename;
mod site;
mod sums;
mod visitors;
