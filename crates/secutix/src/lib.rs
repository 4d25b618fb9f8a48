//! What ticketing speaks: the access control service (ExternalAccessControlService
//! v1.4 over REST) and the STX_File.
//!
//! What never goes in: what is sent when, and what becomes of it: the queue is
//! `gate`'s, the sale `boxoffice`'s.
//!
//! - [`wire`]: the requests and answers of the service, for both sides;
//! - [`token`]: the bearer token that goes with each call;
//! - [`client`]: the gate's side of the service;
//! - [`stx`]: the STX_File, read and written in one [`stx::Dialect`].
//!
//! `docs/interfaces/access-control-service.md` and `docs/interfaces/stx-file.md`
//! say which parts are documented, seen or assumed.

pub mod client;
mod mask;
mod rate_limit;
pub mod stx;
pub mod token;
pub mod wire;

pub use rate_limit::RateLimit;
