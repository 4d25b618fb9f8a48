//! HTTP: the device API, the access control service, health and metrics, and
//! the workers that carry what is due.
//!
//! What never goes in: a decision. It carries requests to the rooms below, and
//! answers back.
//!
//! Architecture invariant: here gate and box office stand in one process, and
//! still meet only over the access control service. What looks at both are the
//! [`books`], which compare them, end card numbers in both, and carry disputes, for
//! which that service has no word.

mod access_control;
mod connections;
mod content;
mod decode;
mod decoder;
mod device_api;
mod health;
mod listeners;
mod metrics_help;
mod problem;
mod random;
mod roles;
mod scan;
mod service;
mod stop;
mod telling;
pub mod tls;
mod turn;
mod upkeep;
mod workers;

pub use access_control::PATH as ACCESS_CONTROL_PATH;
pub use connections::Limits;
pub use decode::{READ_PICTURES, read_pictures};
pub use decoder::has_decoder;
pub use listeners::Listeners;
pub use metrics_help::describe_metrics;
pub use random::random_bytes;
pub use roles::{BoxOfficeRole, GateRole, Service};
pub use service::CLOCK_HEADER;
pub use upkeep::Upkeep;
