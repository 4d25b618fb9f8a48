//! Device API v1: what scanners, turnstiles and integrators speak.

use crate::decode;
use crate::problem::Problem;
use crate::service::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use gate::{
    BATCH_LIMIT, Check, DeviceToken, Direction, Freshness, JournalItem, Language, Merged, Scan,
    wording,
};
use kernel::{CheckId, DeviceCode, Timestamp};
use otipass::EntriesLeft;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most a request's body may have, in bytes.
pub const BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// How many checks may be in hand at once. With Otipass silent each takes the
/// whole decision budget.
const IN_HAND_LIMIT: usize = 2_000;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Passerelle device API",
        description = "What scanners, turnstiles and integrators speak.\n\n\
            A device chooses a UUID for each scan and keeps it until it has an answer: the same id \
            gets the same answer, for ever, however often it is sent. A refusal is an answer \
            (`200`, `admitted: false`); a problem (`application/problem+json`) means that nothing \
            was decided and the same request can be sent again, unless it says otherwise.\n\n\
            An address that is not below gets `not_found`, a method that an address does not take \
            `method_not_allowed`.\n\n\
            Limits: code 512 bytes, batch 500 checks, body 1 MiB."
    ),
    components(schemas(Problem)),
    modifiers(&DeviceTokenScheme)
)]
struct ApiDescription;

struct DeviceTokenScheme;

impl utoipa::Modify for DeviceTokenScheme {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "The device's token: `passerelle device token CODE` prints one, once.",
            ))
            .build();
        api.components
            .get_or_insert_default()
            .add_security_scheme("device_token", SecurityScheme::Http(scheme));
    }
}

/// The routes, and the document that describes them.
pub(crate) fn routes() -> (axum::Router<Shared>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(ApiDescription::openapi())
        .routes(routes!(post_check))
        .routes(routes!(post_batch))
        .routes(routes!(get_device))
        .routes(routes!(decode::post_decode))
        .split_for_parts()
}

/// One scan.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckRequest {
    /// Chosen by the device for this scan, before it sends it for the first time.
    #[schema(value_type = String, format = Uuid, example = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    id: CheckId,
    /// The raw text the scanner read, whatever it is; at most 512 bytes.
    #[schema(example = "villeneuve-00029975", max_length = 512)]
    code: String,
    /// When it was scanned, by the device's clock.
    #[schema(value_type = String, format = DateTime, example = "2026-07-14T07:00:00.114Z")]
    scanned_at: Timestamp,
}

/// The decision on a check.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CheckAnswer {
    /// The check's id.
    #[schema(value_type = String, format = Uuid, example = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    id: CheckId,
    /// Whether the visitor may enter.
    #[schema(example = true)]
    admitted: bool,
    /// `accepted`, `accepted_offline`, `accepted_unverified`, or the reason of a
    /// refusal: `not_a_pass`, `sector_not_mapped`, `unknown_pass`,
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
    /// How many visitors this device had admitted that day, this one included.
    #[schema(example = 42)]
    device_count_today: u32,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime, example = "2026-07-14T07:00:00.310Z")]
    decided_at: Timestamp,
    /// Whether this is the first answer given again.
    #[schema(example = false)]
    repeated: bool,
}

fn entries_left_schema() -> utoipa::openapi::schema::Schema {
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
    fn new(check: &Check, freshness: Freshness, language: Language) -> Self {
        Self {
            id: check.scan.id,
            admitted: check.decision.is_admitted(),
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

/// A journal's checks, oldest first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchRequest {
    /// At most 500.
    #[schema(value_type = Vec<CheckRequest>, max_items = 500)]
    checks: Vec<serde_json::Value>,
}

/// What became of the checks of a batch, in their order.
#[derive(Debug, Serialize, ToSchema)]
struct BatchAnswer {
    /// One for each check.
    results: Vec<BatchResult>,
}

/// What became of one check of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
enum BatchResult {
    /// It is kept; the device may forget it.
    Kept {
        /// The decision it is kept with.
        answer: CheckAnswer,
    },
    /// It will never be taken; sending it again does not help. Keep it aside
    /// and show it to someone.
    Refused {
        /// Its id, if it could be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Why: `body_invalid`, `check_id_conflict`, `code_too_long` or
        /// `clock_stands_still`.
        problem: Problem,
    },
}

/// What a device has to know of itself.
#[derive(Debug, Serialize, ToSchema)]
struct DeviceSnapshot {
    /// The device's code.
    #[schema(value_type = String, example = "PDA01")]
    device: DeviceCode,
    /// The door it is linked to.
    #[schema(example = "VN_AUG_D1")]
    door: Option<String>,
    /// The sector it leads to, if there is exactly one.
    #[schema(example = "VN_AUG")]
    sector: Option<String>,
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
    /// How codes are recognised without network.
    detection: Detection,
    /// What the device does without network: `detection_only` admits a
    /// recognised pass.
    offline_policy: &'static str,
    /// How long the server may wait for Otipass before the site's policy
    /// decides, in milliseconds. Wait a little longer for the server itself.
    decision_budget_ms: u64,
    /// Visitors it has admitted today.
    admitted_today: i64,
    /// The server's clock.
    #[schema(value_type = String, format = DateTime)]
    server_time: Timestamp,
}

/// How a pass is told from another code.
#[derive(Debug, Serialize, ToSchema)]
struct Detection {
    /// What may stand before the number, with a hyphen.
    project_id: String,
    /// Lengths, alphabet and checksum of the number.
    #[schema(value_type = Object)]
    format: otipass::NumberFormat,
}

#[derive(Debug, Deserialize, IntoParams)]
struct SnapshotQuery {
    /// The device's own clock, so that the doctor can tell when it is off.
    #[param(value_type = Option<String>, format = DateTime)]
    device_time: Option<Timestamp>,
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
        (status = 409, description = "`check_id_conflict`: nothing was changed; choose a new id", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`code_too_long`: this scan will never be taken; `clock_stands_still`: set the device's clock", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: send it again under the same id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`, `busy`, `check_stays_open`: send it again under the same id, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn post_check(
    State(shared): State<Shared>,
    Caller(device): Caller,
    Body(request): Body<CheckRequest>,
) -> Result<Json<CheckAnswer>, Problem> {
    if shared.tasks.len() > IN_HAND_LIMIT {
        return Err(Problem::busy());
    }
    let language = shared.gate.site().language_of(&device);
    let scan = Scan {
        id: request.id,
        device,
        code: request.code,
        scanned_at: request.scanned_at,
        direction: Direction::Entry,
        forced_note: None,
    };
    // On a task of its own: a device that hangs up must not stop the check
    // between Otipass's answer and our record.
    let gate = Arc::clone(&shared.gate);
    let (check, freshness) = shared
        .tasks
        .spawn(async move { gate.check(scan).await })
        .await
        .map_err(|error| Problem::internal(&error))??;
    Ok(Json(CheckAnswer::new(&check, freshness, language)))
}

/// Hand over a journal's checks.
///
/// For checks that the device decided by itself, without network. They are kept
/// in one transaction; each that can be kept is, whatever becomes of the others.
#[utoipa::path(
    post, path = "/api/v1/checks/batch", tag = "checks", security(("device_token" = [])),
    request_body = BatchRequest,
    responses(
        (status = 200, description = "What became of each check, in their order", body = BatchAnswer),
        (status = 400, description = "`body_invalid`: nothing was kept", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`batch_too_large`, `body_too_large`: nothing was kept", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: send it again", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: send it again, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn post_batch(
    State(shared): State<Shared>,
    Caller(device): Caller,
    Body(batch): Body<BatchRequest>,
) -> Result<Json<BatchAnswer>, Problem> {
    if batch.checks.len() > BATCH_LIMIT {
        return Err(gate::JournalError::TooLarge(batch.checks.len()).into());
    }
    let language = shared.gate.site().language_of(&device);
    let mut items = Vec::with_capacity(batch.checks.len());
    let mut results: Vec<Option<BatchResult>> = Vec::with_capacity(batch.checks.len());
    for item in batch.checks {
        let id = item.get("id").and_then(|id| id.as_str()).map(str::to_owned);
        match serde_json::from_value::<CheckRequest>(item) {
            Ok(request) => {
                items.push(JournalItem::from(Scan {
                    id: request.id,
                    device: device.clone(),
                    code: request.code,
                    scanned_at: request.scanned_at,
                    direction: Direction::Entry,
                    forced_note: None,
                }));
                results.push(None);
            }
            Err(error) => results.push(Some(BatchResult::Refused {
                id,
                problem: Problem::body_invalid(format!("This check cannot be read: {error}.")),
            })),
        }
    }
    let mut merged = shared.gate.merge_journal(items).await?.into_iter();
    let results = results
        .into_iter()
        .filter_map(|refused| refused.or_else(|| merged.next().map(|m| merged_result(m, language))))
        .collect();
    Ok(Json(BatchAnswer { results }))
}

fn merged_result(merged: Merged, language: Language) -> BatchResult {
    match merged {
        Merged::Kept(check, freshness) => BatchResult::Kept {
            answer: CheckAnswer::new(&check, freshness, language),
        },
        Merged::Refused(id, error) => BatchResult::Refused {
            id: Some(id.to_string()),
            problem: error.into(),
        },
    }
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
async fn get_device(
    State(shared): State<Shared>,
    Caller(device): Caller,
    query: Result<Query<SnapshotQuery>, QueryRejection>,
) -> Result<Json<DeviceSnapshot>, Problem> {
    let Query(query) = query.map_err(|error| Problem::query_invalid(error.body_text()))?;
    let gate = &shared.gate;
    gate.note_seen(device.clone(), query.device_time).await?;
    let admitted_today = gate.count_today(device.clone()).await?;
    let (site, settings) = (gate.site(), gate.settings());
    let sector = site.sector_of(&device);
    Ok(Json(DeviceSnapshot {
        door: site.devices.get(&device).map(|d| d.door.to_string()),
        sector: sector.map(ToString::to_string),
        mapped: sector.is_some_and(|sector| settings.mapping.sectors.contains_key(sector)),
        site: site.name.clone(),
        timezone: site.zone.name().to_owned(),
        language: site.language_of(&device).as_str(),
        detection: Detection {
            project_id: settings.mapping.project_id.clone(),
            format: settings.format,
        },
        offline_policy: "detection_only",
        decision_budget_ms: u64::try_from(settings.decision_budget.as_millis()).unwrap_or(u64::MAX),
        admitted_today,
        server_time: gate.now(),
        device,
    }))
}

/// The device whose token came with the request.
pub(crate) struct Caller(pub(crate) DeviceCode);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(Problem::token_invalid)?;
        shared
            .gate
            .holder_of(DeviceToken::presented(token))
            .await?
            .map(Caller)
            .ok_or_else(Problem::token_invalid)
    }
}

/// The bearer token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A JSON body; whatever is wrong with it becomes a [`Problem`].
struct Body<T>(T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, shared)
            .await
            .map_err(|error| {
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    Problem::body_too_large(BODY_LIMIT_BYTES)
                } else {
                    Problem::body_invalid(format!("The body broke off: {error}."))
                }
            })?;
        serde_json::from_slice(&bytes).map(Body).map_err(|error| {
            Problem::body_invalid(format!("This is not the JSON expected: {error}."))
        })
    }
}
