//! Recognise a card, read mapping parameters, ask and tell Otipass.
//!
//! What never goes in: what an answer leads to; that is decided by `gate`.
//!
//! [`detect()`] and [`read_mapping`] are pure. [`OtipassClient`] is the only
//! part that does I/O; what it says on the wire stands in [`contract`], which
//! the sandbox shares, and in `docs/interfaces/otipass.md`.

mod answer;
mod client;
pub mod contract;
pub mod cure;
mod detect;
mod error;
mod found;
mod json;
mod mapping;
mod outline;
mod partner;
pub mod pass_list;
mod propose;
mod service;
mod url;

pub use answer::{Answer, PassFacts, Refusal};
pub use client::{Credentials, OtipassClient, OtipassSettings, PartnerStatus, SettingsError};
pub use contract::{Call, Contract, Question, References};
pub use detect::{cleaned, detect, luhn_fits};
pub use error::{AskError, NotUnderstood};
pub use found::ALL as FINDINGS;
pub use kernel::{Checksum, EntriesLeft, Lengths, NumType, NumberFormat};
pub use mapping::{MAPPING_LIMIT_BYTES, Mapping, Reading, SectorInfo, read_mapping};
pub use outline::{Outline, OutlinedSector, Written};
pub use partner::{Asking, Partner};
pub use propose::{Change, Proposal, Recogniser};
pub use service::{InvalidServiceText, ServiceId, SpaceId};
pub use url::{check_url, meant_url};
