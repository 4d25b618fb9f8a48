//! What a device has to know of itself, and says of itself.

use super::Caller;
use crate::problem::Problem;
use crate::service::Shared;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use gate::{CANCEL_WITHIN_MS, DeviceReport, DeviceSettings, Mode};
use kernel::{DeviceCode, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a device has to know of itself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceSnapshot {
    /// The device's code.
    #[schema(value_type = String, example = "PDA01")]
    device: DeviceCode,
    /// The door it is linked to.
    #[schema(example = "VN_AUG_D1")]
    door: Option<String>,
    /// The sector it leads to, if there is exactly one.
    #[schema(example = "VN_AUG")]
    sector: Option<String>,
    /// What people call the sector.
    #[schema(example = "Musée des Augustins")]
    sector_name: Option<String>,
    /// Whether passes are accepted there.
    mapped: bool,
    /// What people call the site.
    #[schema(example = "Musées de Villeneuve")]
    site: String,
    /// The organisation's time zone.
    #[schema(example = "Europe/Paris")]
    timezone: String,
    /// The agent's language.
    #[schema(example = "fr")]
    language: &'static str,
    /// What it may do.
    settings: Settings,
    /// How codes are recognised without network.
    detection: Detection,
    /// What the device does without network: `detection_only` admits a
    /// recognised pass; `guarded` refuses those it knows to be refused.
    offline_policy: &'static str,
    /// The version of the list of refused passes, under `guarded`.
    pass_list_version: Option<i64>,
    /// How long after its scan an entry may be cancelled, in seconds.
    #[schema(example = 900)]
    cancel_within_s: i64,
    /// How long the server may wait for Otipass before the site's policy
    /// decides, in milliseconds. Wait a little longer for the server itself.
    decision_budget_ms: u64,
    /// Visitors it has admitted today, cancelled entries not included.
    admitted_today: i64,
    /// The server's clock.
    #[schema(value_type = String, format = DateTime)]
    server_time: Timestamp,
}

/// What a device may do, as the site file says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Settings {
    /// Which way its visitors go: `entry` or `exit`.
    #[schema(example = "entry")]
    direction: &'static str,
    /// Whether the agent may switch to the other way.
    may_switch_direction: bool,
    /// Whether the agent may force an entry.
    forced_entry: bool,
    /// Whether the agent may look at a pass without recording an entry.
    help_desk: bool,
    /// Whether it makes sounds.
    sound: bool,
}

impl From<DeviceSettings> for Settings {
    fn from(settings: DeviceSettings) -> Self {
        Self {
            direction: settings.direction.as_str(),
            may_switch_direction: settings.may_switch_direction,
            forced_entry: settings.forced_entry,
            help_desk: settings.help_desk,
            sound: settings.sound,
        }
    }
}

/// How a pass is told from another code.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detection {
    /// What may stand before the number, with a hyphen.
    project_id: String,
    /// Lengths, alphabet and checksum of the number.
    #[schema(value_type = Object)]
    format: otipass::NumberFormat,
}

/// What the device says of itself, for those who look after it. All of it may
/// be left out.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct SnapshotQuery {
    /// Its own clock, so that the doctor can tell when it is off.
    #[param(value_type = Option<String>, format = DateTime)]
    device_time: Option<Timestamp>,
    /// How many checks and cancellations its journal holds.
    unsent: Option<u32>,
    /// When the oldest of them was scanned.
    #[param(value_type = Option<String>, format = DateTime)]
    oldest_unsent: Option<Timestamp>,
    /// What is left in its battery.
    #[param(maximum = 100)]
    battery_percent: Option<u32>,
    /// `online`, or `offline` if it decides by itself at present.
    #[param(value_type = Option<String>)]
    mode: Option<Mode>,
}

/// What the device has to know of itself.
#[utoipa::path(
    get, path = "/api/v1/device", tag = "device", security(("device_token" = [])),
    params(SnapshotQuery),
    responses(
        (status = 200, description = "The device's door, sector and settings", body = DeviceSnapshot),
        (status = 400, description = "`query_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: ask again", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: ask again, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_device(
    State(shared): State<Shared>,
    Caller(device): Caller,
    query: Result<Query<SnapshotQuery>, QueryRejection>,
) -> Result<Json<DeviceSnapshot>, Problem> {
    let Query(query) = query.map_err(|error| Problem::query_invalid(error.body_text()))?;
    let gate = &shared.gate;
    if query.battery_percent.is_some_and(|percent| percent > 100) {
        let detail = "battery_percent is a number from 0 to 100.".to_owned();
        return Err(Problem::query_invalid(detail));
    }
    let report = DeviceReport {
        device_time: query.device_time,
        unsent: query.unsent,
        oldest_unsent: query.oldest_unsent,
        battery_percent: query.battery_percent,
        mode: query.mode,
    };
    gate.devices.note_seen(device.clone(), report).await?;
    let pass_list_version = gate.pass_lists.version().await?;
    let admitted_today = gate.devices.count_today(device.clone()).await?;
    let (site, settings) = (gate.site(), gate.settings());
    let sector = site.sector_of(&device);
    Ok(Json(DeviceSnapshot {
        door: site.devices.get(&device).map(|d| d.door.to_string()),
        sector: sector.map(ToString::to_string),
        sector_name: sector.and_then(|sector| site.sectors.get(sector)).cloned(),
        mapped: sector.is_some_and(|sector| settings.mapping.sectors.contains_key(sector)),
        site: site.name.clone(),
        timezone: site.zone.name().to_owned(),
        language: site.language_of(&device).as_str(),
        detection: Detection {
            project_id: settings.mapping.project_id.clone(),
            format: settings.format,
        },
        settings: site.settings_of(&device).into(),
        offline_policy: settings.offline_policy.as_str(),
        pass_list_version,
        cancel_within_s: CANCEL_WITHIN_MS / 1_000,
        decision_budget_ms: u64::try_from(settings.decision_budget.as_millis()).unwrap_or(u64::MAX),
        admitted_today,
        server_time: gate.now(),
        device,
    }))
}
