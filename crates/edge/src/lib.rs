//! The turnstile agent: decides at the door, journals, synchronises.
//!
//! - [`agent`] decides what to do about a scan, an answer, a silence: pure.
//! - [`journal`] remembers, durably, what was decided without the server.
//! - [`door`] is both together, synchronous and without network: what the
//!   simulation drives.
//! - [`wire`] is what goes over the line, and what an answer means.
//! - [`run`] makes a program of it: sources of codes, HTTP, the status page.

pub mod agent;
pub mod config;
pub mod door;
mod inputs;
pub mod journal;
mod keeper;
pub mod keyboard;
pub mod line;
mod opener;
pub mod pass_list;
pub mod run;
pub mod server;
mod state;
pub mod status;
mod tty;
pub mod wire;
pub mod words;

pub use agent::{Agent, Errand, Event, Mode, Moment};
pub use door::{Door, DoorError, DoorSettings};
pub use journal::{Journal, JournalSettings};
pub use status::Status;
