//! Entries that are taken back.

use kernel::{CancellationId, CheckId, Timestamp};
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
    /// When, by the device's clock: at most 15 minutes after the scan.
    #[schema(value_type = String, format = DateTime)]
    pub cancelled_at: Timestamp,
}

/// A cancelled entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancellationAnswer {
    /// The check.
    #[schema(value_type = Uuid)]
    pub check_id: CheckId,
    /// When it was cancelled.
    #[schema(value_type = String, format = DateTime)]
    pub cancelled_at: Timestamp,
    /// How many visitors this device had admitted that day, this one no more
    /// included.
    pub device_count_today: u32,
    /// Whether this is the first answer given again.
    pub repeated: bool,
}
