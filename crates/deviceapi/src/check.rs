//! One scan, decided while the visitor waits.

use crate::Direction;
use kernel::{
    BusinessDay, CardNumber, CheckId, DeviceCode, DeviceTime, EnrolmentId, EntriesLeft, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

/// The most a scanned code may have, in bytes.
pub const CODE_LIMIT_BYTES: usize = 512;
/// The most characters the note of a forced entry may have.
pub const NOTE_LIMIT_CHARS: usize = 200;

/// A text that may name a visitor or a pass, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(pub String);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// One scan: to be decided now, or one that the device decided by itself and its
/// journal brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// Chosen by the device for this scan, before it sends it for the first time.
    #[schema(value_type = Uuid)]
    pub id: CheckId,
    /// The raw text the scanner read, whatever it is; at most 512 bytes.
    #[schema(value_type = String, max_length = 512)]
    pub code: Personal,
    /// What the device's clock showed when it was scanned, right or wrong: any
    /// moment from 1970 to 9999.
    #[schema(value_type = String, format = DateTime)]
    pub scanned_at: DeviceTime,
    /// `entry` unless it says otherwise. An exit is recorded, never sold, never
    /// asked of Otipass.
    #[serde(default)]
    pub direction: Direction,
    /// A forced entry: the agent lets the visitor in against or without Otipass,
    /// and says why in 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub forced_note: Option<Personal>,
    /// In a journal: what the device told the visitor, as an outcome of the answer.
    /// What the door did wins over an answer that the device never heard. Without
    /// it the server applies the offline rules itself. A check that is to be
    /// decided now has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The revision of the set-up that the device had when it scanned, from its
    /// snapshot. A journal's check is booked by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_up: Option<i64>,
    /// The enrolment under which the device scanned, from its snapshot. A journal's
    /// check is booked to the device that this enrolment made, whatever the phone or
    /// turnstile that brings it is called by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub enrolment: Option<EnrolmentId>,
    /// One more person on the same code: the check of the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub one_more_than: Option<CheckId>,
    /// What the device's clock shows at sending. This and what follows belong to the
    /// sending: the same check may come again with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<DeviceTime>,
    /// How long ago the scan was, in milliseconds, by a clock that neither jumps
    /// nor stops in sleep. From 0 to 31 days; beyond it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<i64>,
    /// The server's time minus the device's, in milliseconds, as last measured in
    /// the same life of the device's clock as the scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<i64>,
    /// The server's time at the last contact before this run of unsent checks
    /// began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub contact_at: Option<Timestamp>,
}

/// The decision on a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckAnswer {
    /// The check's id.
    #[schema(value_type = Uuid)]
    pub id: CheckId,
    /// Open the door: the visitor is admitted, or leaves.
    pub open: bool,
    /// Whether a visitor was admitted.
    pub admitted: bool,
    /// As it was asked.
    pub direction: Direction,
    /// `accepted`, `accepted_offline`, `accepted_unverified`, `accepted_forced`,
    /// `exit`, or the reason of a refusal: `not_a_pass`, `sector_not_mapped`, `unknown_pass`,
    /// `pass_not_sold`, `pass_blocked`, `pass_expired`, `service_not_included`,
    /// `already_used`, `just_admitted`, `partner_unavailable`.
    pub outcome: String,
    /// The outcome in the agent's language.
    pub message: String,
    /// The pass's number, if it is a pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub pass_number: Option<CardNumber>,
    /// The last day of the pass, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<BusinessDay>,
    /// Entries left here, if known: a number, or `unlimited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = entries_left)]
    pub entries_left: Option<EntriesLeft>,
    /// Where and when the card was used here, if that stands against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierEntry>,
    /// How many visitors this device had admitted that day, this one included and
    /// cancelled ones not.
    pub device_count_today: u32,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
    /// Whether this is the first answer given again.
    pub repeated: bool,
}

/// An admission of the same card at the same sector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EarlierEntry {
    /// Its check; one more person on the same code names it.
    #[schema(value_type = Uuid)]
    pub check_id: CheckId,
    /// The device.
    #[schema(value_type = String)]
    pub device: DeviceCode,
    /// What people call it, if not by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
    /// When it was scanned.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

pub(crate) fn entries_left() -> Schema {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0));
    let word = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["unlimited"]));
    OneOfBuilder::new()
        .item(number)
        .item(word)
        .description(Some(
            "Entries left here, if known: a number, or `unlimited`.",
        ))
        .into()
}
