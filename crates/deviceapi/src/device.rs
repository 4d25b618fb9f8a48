//! What a device has to know of itself, and says of itself.

use crate::{Direction, Mode, OfflinePolicy};
use kernel::{
    Additions, DeviceCode, DeviceTime, DoorCode, EnrolmentId, Language, NumberFormat, SectorCode,
    Timestamp, Zone,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a device has to know of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceSnapshot {
    /// The device's code.
    #[schema(value_type = String)]
    pub device: DeviceCode,
    /// What people call it, if not by its code.
    #[serde(default)]
    pub device_name: Option<String>,
    /// The door it is linked to.
    #[schema(value_type = Option<String>)]
    pub door: Option<DoorCode>,
    /// What people call the door, if not by its code.
    #[serde(default)]
    pub door_name: Option<String>,
    /// The sector it leads to, if there is exactly one.
    #[schema(value_type = Option<String>)]
    pub sector: Option<SectorCode>,
    /// What people call the sector.
    pub sector_name: Option<String>,
    /// Whether passes are accepted there.
    pub mapped: bool,
    /// What people call the site.
    pub site: String,
    /// The organisation's time zone.
    #[schema(value_type = String)]
    pub timezone: Zone,
    /// The agent's language.
    #[schema(value_type = String)]
    pub language: Language,
    /// The revision of the set-up, all that stands above this line and the mapping;
    /// each check names it.
    #[serde(default)]
    pub set_up: i64,
    /// The enrolment by which it is this device; each check names it.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub enrolment: Option<EnrolmentId>,
    /// For how long a card that was admitted here is not admitted again, in
    /// milliseconds; 0 is never.
    #[serde(default)]
    pub repeat_window_ms: i64,
    /// What it may do.
    pub settings: DeviceSettings,
    /// How codes are recognised without network.
    pub detection: Detection,
    /// What it goes by without network.
    pub offline_policy: OfflinePolicy,
    /// The version of the list of refused passes, under `guarded`.
    pub pass_list_version: Option<i64>,
    /// How long after its scan an entry may be cancelled, in seconds.
    pub cancel_within_s: i64,
    /// How long the server may wait for Otipass before the site's policy
    /// decides, in milliseconds. Wait a little longer for the server itself.
    pub decision_budget_ms: u64,
    /// Visitors it has admitted today, cancelled entries not included.
    pub admitted_today: i64,
    /// The server's clock.
    #[schema(value_type = String, format = DateTime)]
    pub server_time: Timestamp,
}

/// What a device may do. Forced entry and direction bind it online; what a
/// journal brings has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DeviceSettings {
    /// Which way its visitors go.
    pub direction: Direction,
    /// Whether its agent may switch to the other way.
    pub may_switch_direction: bool,
    /// Whether its agent may let visitors in against or without Otipass.
    pub forced_entry: bool,
    /// Whether its agent may let in one more person on the code of the one before.
    pub several_persons: bool,
    /// Whether its agent may look at a pass without recording an entry.
    pub help_desk: bool,
    /// Whether it makes sounds.
    pub sound: bool,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self {
            direction: Direction::Entry,
            may_switch_direction: false,
            forced_entry: false,
            several_persons: true,
            help_desk: true,
            sound: true,
        }
    }
}

/// A setting that is yes or no: its name in site files and tables, and where it stands.
type Switch = (&'static str, fn(&mut DeviceSettings) -> &mut bool);

impl DeviceSettings {
    /// All switches, in the order in which site files and tables have them.
    pub const SWITCHES: [Switch; 5] = [
        ("switch_direction", |of| &mut of.may_switch_direction),
        ("forced_entry", |of| &mut of.forced_entry),
        ("several_persons", |of| &mut of.several_persons),
        ("help_desk", |of| &mut of.help_desk),
        ("sound", |of| &mut of.sound),
    ];
}

/// How a pass is told from another code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Detection {
    /// What may stand before the number, with a hyphen.
    pub project_id: String,
    /// Lengths, alphabet and checksum of the number.
    #[schema(value_type = Object)]
    pub format: NumberFormat,
    /// What scanners and code makers add to it: texts that may stand before and
    /// behind it, and web addresses with `{number}` where it stands.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub additions: Additions,
}

/// What a device says of itself when it asks for its snapshot, for those who look
/// after it. What it does not say stays as it said it last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceReport {
    /// Its own clock, so that it can be told when it is off.
    #[param(value_type = Option<String>, format = DateTime)]
    pub device_time: Option<DeviceTime>,
    /// How many checks and cancellations its journal holds.
    pub unsent: Option<u32>,
    /// When the oldest of them was scanned.
    #[param(value_type = Option<String>, format = DateTime)]
    pub oldest_unsent: Option<Timestamp>,
    /// What is left in its battery.
    #[param(maximum = 100)]
    pub battery_percent: Option<u32>,
    /// `online`, or `offline` if it decides by itself at present.
    #[param(inline)]
    pub mode: Option<Mode>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_setting_that_is_yes_or_no_has_its_switch() {
        let usual = DeviceSettings::default();
        let mut other = usual;
        for (_, switch) in DeviceSettings::SWITCHES {
            *switch(&mut other) = !*switch(&mut usual.clone());
        }
        let (usual, other) = (json!(usual), json!(other));
        let settings = usual.as_object().unwrap();
        for (name, is) in settings.iter().filter(|(_, is)| is.is_boolean()) {
            assert_ne!(other[name], *is, "{name}");
        }
    }
}
