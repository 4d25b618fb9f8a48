//! One scan, decided while the visitor waits.

use super::{Body, Caller};
use crate::problem::Problem;
use crate::service::Shared;
use axum::Json;
use axum::extract::State;
use gate::decide::wording;
use gate::{Check, Direction, Freshness, NoteInvalid, Scan};
use kernel::{CheckId, DeviceCode, Language, Timestamp};
use otipass::EntriesLeft;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How many checks may be in hand at once. With Otipass silent each takes the
/// whole decision budget.
const IN_HAND_LIMIT: usize = 2_000;

/// One scan.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckRequest {
    /// Chosen by the device for this scan, before it sends it for the first time.
    #[schema(value_type = String, format = Uuid, example = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    id: CheckId,
    /// The raw text the scanner read, whatever it is; at most 512 bytes.
    #[schema(example = "villeneuve-00029975", max_length = 512)]
    code: String,
    /// When it was scanned, by the device's clock.
    #[schema(value_type = String, format = DateTime, example = "2026-07-14T07:00:00.114Z")]
    scanned_at: Timestamp,
    /// `entry`, or `exit`: an exit is recorded, never sold, never asked of Otipass.
    #[serde(default)]
    #[schema(value_type = String, example = "entry", default = "entry")]
    direction: Direction,
    /// A forced entry: the agent lets the visitor in against or without Otipass,
    /// and says why in 1 to 200 characters.
    #[serde(default)]
    #[schema(example = "Card damaged, number typed by hand", max_length = 200)]
    forced_note: Option<String>,
}

impl CheckRequest {
    fn into_scan(self, device: DeviceCode) -> Result<Scan, NoteInvalid> {
        Ok(Scan {
            id: self.id,
            device,
            code: self.code,
            scanned_at: self.scanned_at,
            direction: self.direction,
            forced_note: self.forced_note.map(|note| note.parse()).transpose()?,
        })
    }
}

/// The decision on a check.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CheckAnswer {
    /// The check's id.
    #[schema(value_type = String, format = Uuid, example = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    id: CheckId,
    /// Open the door: the visitor is admitted, or leaves.
    #[schema(example = true)]
    open: bool,
    /// Whether a visitor was admitted.
    #[schema(example = true)]
    admitted: bool,
    /// `entry` or `exit`.
    #[schema(example = "entry")]
    direction: &'static str,
    /// `accepted`, `accepted_offline`, `accepted_unverified`, `accepted_forced`,
    /// `exit`, or the reason of a refusal: `not_a_pass`, `sector_not_mapped`, `unknown_pass`,
    /// `pass_not_sold`, `pass_blocked`, `pass_expired`, `service_not_included`,
    /// `already_used`, `partner_unavailable`.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// The outcome in the agent's language.
    #[schema(example = "Bienvenue")]
    message: &'static str,
    /// The pass's number, if it is a pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "00029975")]
    pass_number: Option<String>,
    /// The last day of the pass, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-07-16")]
    valid_until: Option<String>,
    /// Entries left here, if known: a number, or `unlimited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = entries_left_schema)]
    entries_left: Option<EntriesLeft>,
    /// How many visitors this device had admitted that day, this one included and
    /// cancelled ones not.
    #[schema(example = 42)]
    device_count_today: u32,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime, example = "2026-07-14T07:00:00.310Z")]
    decided_at: Timestamp,
    /// Whether this is the first answer given again.
    #[schema(example = false)]
    repeated: bool,
}

pub(super) fn entries_left_schema() -> utoipa::openapi::schema::Schema {
    use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
    OneOfBuilder::new()
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0)),
        )
        .item(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(["unlimited"])),
        )
        .into()
}

impl CheckAnswer {
    pub(super) fn new(check: &Check, freshness: Freshness, language: Language) -> Self {
        Self {
            id: check.scan.id,
            open: check.decision.opens(),
            admitted: check.decision.is_admitted(),
            direction: check.scan.direction.as_str(),
            outcome: check.decision.as_str(),
            message: wording::message(check.decision, language),
            pass_number: check.card.as_ref().map(|card| card.reveal().to_owned()),
            valid_until: check.pass.valid_until.map(|day| day.to_string()),
            entries_left: check.pass.entries_left,
            device_count_today: check.device_count_today,
            decided_at: check.decided_at,
            repeated: freshness == Freshness::Repeated,
        }
    }
}

/// Decide one scan.
///
/// Answers within the site's decision budget, also when Otipass is silent.
#[utoipa::path(
    post, path = "/api/v1/checks", tag = "checks", security(("device_token" = [])),
    request_body = CheckRequest,
    responses(
        (status = 200, description = "The decision, durable before it is given", body = CheckAnswer),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forced_entry_not_allowed`, `direction_not_allowed`: the device's settings do not allow it", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`check_id_conflict`: nothing was changed; choose a new id", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`code_too_long`: this scan will never be taken; `clock_stands_still`: set the device's clock; `note_invalid`: ask the agent again", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: send it again under the same id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`, `busy`, `check_stays_open`: send it again under the same id, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_check(
    State(shared): State<Shared>,
    Caller(device): Caller,
    Body(request): Body<CheckRequest>,
) -> Result<Json<CheckAnswer>, Problem> {
    if shared.tasks.len() > IN_HAND_LIMIT {
        return Err(Problem::busy());
    }
    let language = shared.gate.site().language_of(&device);
    let scan = request.into_scan(device)?;
    // On a task of its own: a device that hangs up must not stop the check
    // between Otipass's answer and our record.
    let gate = Arc::clone(&shared.gate);
    let (check, freshness) = shared
        .tasks
        .spawn(async move { gate.deciding.check(scan).await })
        .await
        .map_err(|error| Problem::internal(&error))??;
    Ok(Json(CheckAnswer::new(&check, freshness, language)))
}
