//! The pass list's way to the device. What it holds is `gate`'s.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// The header with the signature of the exact bytes of the body.
pub const SIGNATURE: &str = "x-passerelle-signature";
/// The most bytes of a list.
pub const LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// Which list a device wants.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// The version that the device has. Without it, or if too much has changed
    /// since, the answer is a whole list.
    pub since: Option<i64>,
}
