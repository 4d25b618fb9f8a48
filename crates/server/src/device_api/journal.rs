//! What a journal hands over: checks that the device decided by itself, and
//! entries it took back.

use super::cancellations::CancellationRequest;
use super::checks::CheckAnswer;
use super::{Body, Caller};
use crate::problem::Problem;
use crate::service::Shared;
use axum::Json;
use axum::extract::State;
use gate::{
    BATCH_LIMIT, Cancelled, Decision, Direction, Gate, JournalError, JournalItem, Merged,
    NoteInvalid, Scan,
};
use kernel::{CheckId, DeviceCode, Language, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A journal's checks and cancellations, oldest first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchRequest {
    /// At most 500.
    #[schema(value_type = Vec<JournalCheck>, max_items = 500)]
    checks: Vec<Value>,
    /// At most 500; kept after the checks.
    #[serde(default)]
    #[schema(value_type = Vec<CancellationRequest>, max_items = 500)]
    cancellations: Vec<Value>,
}

/// One check of a journal: as it would have been sent online, and what the
/// device did.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalCheck {
    /// The id under which the device asked online, if it did; else a new one.
    #[schema(value_type = String, format = Uuid, example = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    id: CheckId,
    /// The raw text the scanner read, whatever it is; at most 512 bytes.
    #[schema(example = "villeneuve-00029975", max_length = 512)]
    code: String,
    /// When it was scanned, by the device's clock.
    #[schema(value_type = String, format = DateTime, example = "2026-07-14T07:00:00.114Z")]
    scanned_at: Timestamp,
    /// `entry` or `exit`.
    #[serde(default)]
    #[schema(value_type = String, example = "entry", default = "entry")]
    direction: Direction,
    /// Why the agent forced the entry, in 1 to 200 characters.
    #[schema(max_length = 200)]
    forced_note: Option<String>,
    /// What the device told the visitor, as an outcome of the answer. What the
    /// door did wins over an answer that the device never heard. Without it the
    /// server applies the offline rules itself.
    #[schema(value_type = Option<String>, example = "accepted_offline")]
    outcome: Option<Decision>,
}

impl JournalCheck {
    fn into_item(self, device: DeviceCode) -> Result<JournalItem, NoteInvalid> {
        Ok(JournalItem {
            scan: Scan {
                id: self.id,
                device,
                code: self.code,
                scanned_at: self.scanned_at,
                direction: self.direction,
                forced_note: self.forced_note.map(|note| note.parse()).transpose()?,
            },
            outcome: self.outcome,
        })
    }
}

/// What became of the checks and cancellations of a batch, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchAnswer {
    /// One for each check.
    results: Vec<BatchResult>,
    /// One for each cancellation.
    cancellations: Vec<CancellationResult>,
}

/// What became of one check of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum BatchResult {
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
        /// Why: `body_invalid`, `check_id_conflict`, `code_too_long`,
        /// `note_invalid` or `clock_stands_still`.
        problem: Problem,
    },
}

/// What became of one cancellation of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum CancellationResult {
    /// It is kept; the device may forget it.
    Kept {
        /// The check that was cancelled.
        #[schema(value_type = String, format = Uuid)]
        check_id: CheckId,
    },
    /// It will never be taken. Keep it aside and show it to someone.
    Refused {
        /// The check's id, if it could be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        check_id: Option<String>,
        /// Why: `body_invalid`, `check_unknown` or `not_cancellable`.
        problem: Problem,
    },
}

/// Hand over a journal.
///
/// For checks that the device decided by itself, without network, and for
/// entries it took back. The checks are kept in one transaction, then the
/// cancellations in another; each that can be kept is, whatever becomes of the
/// others.
#[utoipa::path(
    post, path = "/api/v1/checks/batch", tag = "checks", security(("device_token" = [])),
    request_body = BatchRequest,
    responses(
        (status = 200, description = "What became of each, in their order", body = BatchAnswer),
        (status = 400, description = "`body_invalid`: nothing was kept", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`batch_too_large`, `body_too_large`: nothing was kept", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: send it again", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: send it again, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_batch(
    State(shared): State<Shared>,
    Caller(device): Caller,
    Body(batch): Body<BatchRequest>,
) -> Result<Json<BatchAnswer>, Problem> {
    if batch.checks.len() > BATCH_LIMIT {
        return Err(JournalError::TooLarge(batch.checks.len()).into());
    }
    if batch.cancellations.len() > BATCH_LIMIT {
        return Err(JournalError::TooManyCancellations(batch.cancellations.len()).into());
    }
    let gate = &shared.gate;
    let language = gate.site().language_of(&device);
    let mut items = Vec::with_capacity(batch.checks.len());
    let mut results = Vec::with_capacity(batch.checks.len());
    for check in batch.checks {
        let id = text_of(&check, "id");
        let read = serde_json::from_value::<JournalCheck>(check)
            .map_err(|error| unreadable("check", &error))
            .and_then(|check| Ok(check.into_item(device.clone())?));
        results.push(match read {
            Ok(item) => {
                items.push(item);
                None
            }
            Err(problem) => Some(BatchResult::Refused { id, problem }),
        });
    }
    let mut merged = gate.deciding.merge_journal(items).await?.into_iter();
    let results = results
        .into_iter()
        .filter_map(|refused| refused.or_else(|| Some(merged_check(merged.next()?, language))))
        .collect();
    let cancellations = cancel_each(gate, device, batch.cancellations).await?;
    Ok(Json(BatchAnswer {
        results,
        cancellations,
    }))
}

async fn cancel_each(
    gate: &Gate,
    device: DeviceCode,
    cancellations: Vec<Value>,
) -> Result<Vec<CancellationResult>, Problem> {
    if cancellations.is_empty() {
        return Ok(Vec::new());
    }
    let mut items = Vec::with_capacity(cancellations.len());
    let mut results = Vec::with_capacity(cancellations.len());
    for cancellation in cancellations {
        let check_id = text_of(&cancellation, "check_id");
        let refused = match serde_json::from_value::<CancellationRequest>(cancellation) {
            Ok(request) => {
                items.push(request.cancellation(device.clone()));
                None
            }
            Err(error) => Some(unreadable("cancellation", &error)),
        };
        results.push((check_id, refused));
    }
    let mut merged = gate.deciding.merge_cancellations(items).await?.into_iter();
    Ok(results
        .into_iter()
        .filter_map(|(check_id, refused)| {
            let problem = match refused {
                Some(problem) => problem,
                None => match merged.next()? {
                    Ok(Cancelled { check_id, .. }) => {
                        return Some(CancellationResult::Kept { check_id });
                    }
                    Err(error) => error.into(),
                },
            };
            Some(CancellationResult::Refused { check_id, problem })
        })
        .collect())
}

fn text_of(item: &Value, field: &str) -> Option<String> {
    item.get(field)?.as_str().map(str::to_owned)
}

fn unreadable(what: &str, error: &serde_json::Error) -> Problem {
    Problem::body_invalid(format!("This {what} cannot be read: {error}."))
}

fn merged_check(merged: Merged, language: Language) -> BatchResult {
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
