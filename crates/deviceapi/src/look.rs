//! The help desk: a look at a pass that records nothing.

use crate::Personal;
use crate::check::entries_left;
use kernel::{BusinessDay, CardNumber, DeviceCode, DoorCode, EntriesLeft, SectorCode, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookRequest {
    /// The raw text the scanner read; at most 512 bytes.
    #[schema(value_type = String, max_length = 512)]
    pub code: Personal,
}

/// What is known of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookAnswer {
    /// Whether the code is a pass.
    pub recognised: bool,
    /// The pass's number, if it is a pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub pass_number: Option<CardNumber>,
    /// Whether it could enter here now; null if Otipass is silent.
    pub admissible: Option<bool>,
    /// `accepted`, or the reason why not; absent if Otipass is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The same in the agent's language.
    pub message: String,
    /// The last day of the pass, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<BusinessDay>,
    /// Entries left here, if known: a number, or `unlimited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = entries_left)]
    pub entries_left: Option<EntriesLeft>,
    /// Its last entries at this site, newest first, at most five.
    pub last_entries: Vec<LookEntry>,
}

/// One entry of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookEntry {
    /// When it was scanned.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Where.
    #[schema(value_type = String)]
    pub sector: SectorCode,
    /// The door the device is linked to now.
    #[schema(value_type = Option<String>)]
    pub door: Option<DoorCode>,
    /// What people call that door, if not by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door_name: Option<String>,
    /// The device.
    #[schema(value_type = String)]
    pub device: DeviceCode,
    /// What people call it, if not by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
    /// On whose word.
    pub outcome: String,
    /// Whether it was cancelled.
    pub cancelled: bool,
}
