//! The back office over HTTP, with cookies as a browser keeps them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod attacks;
mod books;
mod browser;
mod devices;
mod doctor;
mod getting_in;
mod house;
mod mapping;
mod matrix;
mod museum;
mod provider;
mod sales_files;
mod set_up;
mod site;
mod site_table;
mod two_steps;
mod weight;

/// A service with gate, box office, workers and a sandbox.
#[path = "../../../server/tests/service/house.rs"]
#[expect(dead_code, reason = "the tests of the service use all of it")]
mod whole;
