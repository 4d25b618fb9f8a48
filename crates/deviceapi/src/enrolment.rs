//! A code becomes a token.

use kernel::{DeviceCode, EnrolmentId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A code that somebody entered.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The code that `passerelle device enrol` printed; case, hyphens and spaces
    /// mean nothing.
    pub code: String,
}

/// What the device keeps.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct EnrolmentAnswer {
    /// The device this is from now on.
    #[schema(value_type = String)]
    pub device: DeviceCode,
    /// Its token; shown only here.
    pub token: String,
    /// The name of this enrolment, by which its checks name it.
    #[schema(value_type = Uuid)]
    pub enrolment: EnrolmentId,
}
