//! The scanner page in a real browser, with a real service and a sandbox in
//! place of Otipass. `PASSERELLE_SCREENSHOTS=DIR` keeps pictures of each state.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../film/mod.rs"]
mod film;

mod agent;
mod first_visit;
mod house;
mod input;
mod offline;
mod rules;
mod tokens;
mod update;
mod words;
