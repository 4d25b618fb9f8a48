//! The back office of a real service in a real browser: what goes on while
//! somebody watches, and what texts of others cannot do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod house;
mod live;
mod markup;
