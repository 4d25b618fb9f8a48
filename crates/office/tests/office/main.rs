//! The back office over HTTP, with cookies as a browser keeps them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod attacks;
mod books;
mod devices;
mod doctor;
mod getting_in;
mod house;
mod mapping;
mod matrix;
mod provider;
mod sales_files;
mod set_up;
mod site;
mod site_table;
mod two_steps;
mod weight;
