//! The help desk: a look at a pass that records nothing.

use super::checks::entries_left_schema;
use super::{Body, Caller};
use crate::problem::Problem;
use crate::service::Shared;
use axum::Json;
use axum::extract::State;
use gate::decide::wording;
use gate::{Admissible, Admission, Decision, LastEntry, Reason, Site};
use kernel::Timestamp;
use otipass::EntriesLeft;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LookRequest {
    /// The raw text the scanner read; at most 512 bytes.
    #[schema(example = "villeneuve-00029975", max_length = 512)]
    code: String,
}

/// What is known of a pass.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LookAnswer {
    /// Whether the code is a pass.
    #[schema(example = true)]
    recognised: bool,
    /// The pass's number, if it is a pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "00029975")]
    pass_number: Option<String>,
    /// Whether it could enter here now; null if Otipass is silent.
    #[schema(example = true)]
    admissible: Option<bool>,
    /// `accepted`, or the reason why not; absent if Otipass is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "accepted")]
    outcome: Option<&'static str>,
    /// The same in the agent's language.
    #[schema(example = "Ce pass peut entrer")]
    message: &'static str,
    /// The last day of the pass, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-07-16")]
    valid_until: Option<String>,
    /// Entries left here, if known: a number, or `unlimited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = entries_left_schema)]
    entries_left: Option<EntriesLeft>,
    /// Its last entries at this site, newest first, at most five.
    last_entries: Vec<LookEntry>,
}

/// One entry of a pass.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LookEntry {
    /// When it was scanned.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Where.
    #[schema(example = "VN_AUG")]
    sector: String,
    /// The door the device is linked to now.
    #[schema(example = "VN_AUG_D1")]
    door: Option<String>,
    /// The device.
    #[schema(example = "PDA01")]
    device: String,
    /// On whose word.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// Whether it was cancelled.
    cancelled: bool,
}

impl LookEntry {
    fn new(entry: LastEntry, site: &Site) -> Self {
        let door = site.devices.get(&entry.device).map(|d| d.door.to_string());
        Self {
            at: entry.at,
            sector: entry.sector.to_string(),
            door,
            device: entry.device.to_string(),
            outcome: entry.decision.as_str(),
            cancelled: entry.cancelled,
        }
    }
}

/// Look at a pass.
///
/// For the help desk: records nothing, and counts nothing at Otipass. Answers
/// within the decision budget, also when Otipass is silent.
#[utoipa::path(
    post, path = "/api/v1/look", tag = "checks", security(("device_token" = [])),
    request_body = LookRequest,
    responses(
        (status = 200, description = "What is known", body = LookAnswer),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`help_desk_not_allowed`: the device's settings do not allow it", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`code_too_long`", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: look again", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: look again, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_look(
    State(shared): State<Shared>,
    Caller(device): Caller,
    Body(request): Body<LookRequest>,
) -> Result<Json<LookAnswer>, Problem> {
    let site = shared.gate.site();
    let language = site.language_of(&device);
    let look = shared.gate.deciding.look(&device, &request.code).await?;
    let decision = match look.admissible {
        Admissible::Yes => Some(Decision::Admitted(Admission::Accepted)),
        Admissible::No(reason) => Some(Decision::Refused(reason)),
        Admissible::Unknown => None,
    };
    let message = match look.admissible {
        Admissible::Yes => wording::may_enter(language),
        Admissible::No(reason) => wording::message(Decision::Refused(reason), language),
        Admissible::Unknown => {
            wording::message(Decision::Refused(Reason::PartnerUnavailable), language)
        }
    };
    Ok(Json(LookAnswer {
        recognised: look.card.is_some(),
        pass_number: look.card.map(|card| card.reveal().to_owned()),
        admissible: decision.map(Decision::is_admitted),
        outcome: decision.map(Decision::as_str),
        message,
        valid_until: look.pass.valid_until.map(|day| day.to_string()),
        entries_left: look.pass.entries_left,
        last_entries: look
            .last_entries
            .into_iter()
            .map(|entry| LookEntry::new(entry, &site))
            .collect(),
    }))
}
