//! The program as processes: served, kept up, examined, replayed, and at the door.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;
mod doctor;
mod edge;
mod french;
mod moving;
mod nodes;
mod notices;
mod old;
mod replay;
mod serve;
mod ticketing;
mod upkeep;

const BIN: &str = env!("CARGO_BIN_EXE_passerelle");

/// Where nobody listens: the discard port.
const NOBODY: &str = "http://127.0.0.1:9/api";

/// The check id with the number `n`.
use stage::villeneuve::id;
