//! HTTP: the device API, the access control service, health and metrics, and
//! the workers that carry what is due.
//!
//! Architecture invariant: here gate and box office stand in one process, and
//! still meet only over the access control service. What looks at both is the
//! [`reconciliation`], which compares their books, [`retention`], and [`disputes`],
//! for which that service has no word.

mod access_control;
mod decode;
mod decoder;
mod device_api;
mod health;
mod listeners;
mod problem;
mod roles;
mod scan;
mod service;
mod stop;
pub mod tls;
mod upkeep;
mod workers;

pub use access_control::PATH as ACCESS_CONTROL_PATH;
pub use device_api::BODY_LIMIT_BYTES;
pub use listeners::Listeners;
pub use service::CLOCK_HEADER;
pub use roles::{BoxOfficeRole, GateRole, Service};
pub use upkeep::Upkeep;

/// The document that describes the device API, as JSON.
///
/// # Errors
/// Never in practice: the document is made of plain text.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    device_api::routes().1.to_pretty_json()
}
