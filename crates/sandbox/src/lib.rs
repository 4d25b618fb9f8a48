//! Stand-ins for those outside: an Otipass with passes, faults and latency, and a
//! ticketing that answers unlike ours ([`ForeignTicketing`]).
//!
//! What never goes in: anything that the real one would not do, but for faults
//! that somebody asks for.
//!
//! The Otipass speaks the same contract as the client ([`otipass::contract`]), decides
//! by fixed rules ([`rules`]) and fails only when it is told to ([`Fault`]).

mod cards;
mod fault;
mod foreign;
mod http;
mod page;
mod pass;
mod pass_list;
pub mod rules;
mod state;

pub use cards::{Fate, QrCodes, SampleCard, SampleGroup, cards_text};
pub use fault::{Failure, Fault};
pub use foreign::{
    ForeignSettings, ForeignTicketing, KeptControl, UnknownWay, Way, foreign_router, serve_foreign,
    ways,
};
pub use http::{router, serve};
pub use pass::{Pass, PassBook, PassStatus};
pub use pass_list::PlaceForgotten;
pub use state::{Asked, Log, ReferenceConflict, Sandbox, SandboxSettings};
