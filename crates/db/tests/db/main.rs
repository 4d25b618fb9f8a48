//! What both engines must do alike, and copies of a file in use.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod failover;
mod migrations;
mod snapshot;
mod tls;
mod transfer;
