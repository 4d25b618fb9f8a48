//! The client over loopback, recognition, and mapping parameters with their cures.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod client;
mod cure;
mod detect;
mod mapping;
