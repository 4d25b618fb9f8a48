//! Entries that are taken back.

use crate::CancelCause;
use kernel::{CancellationId, CheckId, DeviceTime, EnrolmentId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long after the scan an entry can be cancelled, in milliseconds.
pub const CANCEL_WITHIN_MS: i64 = 15 * 60 * 1_000;

/// An entry to take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancellationRequest {
    /// Chosen by the device for this cancellation.
    #[schema(value_type = Uuid)]
    pub id: CancellationId,
    /// The check that admitted the visitor, at this device.
    #[schema(value_type = Uuid)]
    pub check_id: CheckId,
    /// Why, if it was not the agent: nobody went through the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CancelCause>,
    /// What the device's clock showed then: at most 15 minutes after the scan, as
    /// far as the times are known.
    #[schema(value_type = String, format = DateTime)]
    pub cancelled_at: DeviceTime,
    /// The enrolment under which the device took it back, from its snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub enrolment: Option<EnrolmentId>,
    /// What the device's clock shows at sending. This and what follows belong to the
    /// sending: the same check may come again with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<DeviceTime>,
    /// How long ago that was, in milliseconds, by a clock that neither jumps
    /// nor stops in sleep. From 0 to 31 days; beyond it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<i64>,
    /// The server's time minus the device's, in milliseconds, as last measured in
    /// the same life of the device's clock as then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<i64>,
    /// The server's time at the last contact before this run of unsent checks
    /// began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub contact_at: Option<Timestamp>,
}

/// A cancelled entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancellationAnswer {
    /// The check.
    #[schema(value_type = Uuid)]
    pub check_id: CheckId,
    /// When it was cancelled, by the server's clock.
    #[schema(value_type = String, format = DateTime)]
    pub cancelled_at: Timestamp,
    /// How many visitors this device had admitted that day, this one no more
    /// included.
    pub device_count_today: u32,
    /// Whether this is the first answer given again.
    pub repeated: bool,
}
