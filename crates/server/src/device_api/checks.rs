//! Checks, single and by the journal; entries taken back; the help desk.

use super::request::{Body, Bringer, Caller, Shared};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use deviceapi::{
    BatchAnswer, BatchParts, BatchRequest, CancellationAnswer, CancellationRequest, CheckAnswer,
    CheckRequest, LookAnswer, LookRequest, ProblemCode,
};
use gate::Cancellation;
use std::sync::Arc;
use std::time::Duration;

/// How many checks may be in hand at once. With Otipass silent each takes the
/// whole decision budget.
const IN_HAND_LIMIT: usize = 2_000;

/// What an answer may come later than the decision budget says.
const LATE: Duration = Duration::from_millis(250);

/// Decide one scan.
///
/// Answers within the site's decision budget, also when Otipass is silent.
#[utoipa::path(
    post, path = "/api/v1/checks", tag = "checks", security(("device_token" = [])),
    request_body = CheckRequest,
    responses((status = 200, description = "The decision, durable before it is given", body = CheckAnswer))
)]
pub(super) async fn post_check(
    State(shared): State<Shared>,
    Caller { device, .. }: Caller,
    Body(request): Body<CheckRequest>,
) -> Result<Json<CheckAnswer>, Problem> {
    if shared.tasks.len() > IN_HAND_LIMIT {
        return Err(Problem::of(ProblemCode::Busy));
    }
    // On a task of its own: a device that hangs up must not stop the check
    // between Otipass's answer and our record.
    let gate = Arc::clone(&shared.gate);
    let budget = gate.settings().decision_budget;
    let decided = shared
        .tasks
        .spawn(async move { gate.answer_check(device, request).await });
    // With a database that hangs the visitor does not wait for it: the check goes on,
    // and its device hears the answer when it asks again.
    let answer = tokio::time::timeout(budget + LATE, decided)
        .await
        .map_err(|_| Problem::of(ProblemCode::Unavailable))?
        .map_err(|error| Problem::internal(&error))??;
    Ok(Json(answer))
}

/// Hand over a journal.
///
/// For checks that the device decided by itself, without network, and for
/// entries it took back. The checks are kept in one transaction, then the
/// cancellations in another; each that can be kept is, whatever becomes of the
/// others. What does not fit is put aside here, for people to settle, and so is
/// all that was done under an enrolment that was revoked: its token still brings
/// a journal, and opens nothing else.
#[utoipa::path(
    post, path = "/api/v1/checks/batch", tag = "checks", security(("device_token" = [])),
    request_body = BatchRequest,
    responses((status = 200, description = "What became of each, in their order", body = BatchAnswer))
)]
pub(super) async fn post_batch(
    State(shared): State<Shared>,
    Bringer(enrolled): Bringer,
    Body(batch): Body<BatchParts>,
) -> Result<Json<BatchAnswer>, Problem> {
    Ok(Json(shared.gate.answer_batch(enrolled, batch).await?))
}

/// Take back an entry.
///
/// Ticket and account line are voided by a counter-entry, and the pass gets its
/// entry back.
#[utoipa::path(
    post, path = "/api/v1/cancellations", tag = "checks", security(("device_token" = [])),
    request_body = CancellationRequest,
    responses((status = 200, description = "It is cancelled", body = CancellationAnswer))
)]
pub(super) async fn post_cancellation(
    State(shared): State<Shared>,
    Caller { device, .. }: Caller,
    Body(request): Body<CancellationRequest>,
) -> Result<Json<CancellationAnswer>, Problem> {
    let cancellation = Cancellation::of(request, device);
    Ok(Json(shared.gate.deciding.cancel(cancellation).await?))
}

/// Look at a pass.
///
/// For the help desk: records nothing, and counts nothing at Otipass. Answers
/// within the decision budget, also when Otipass is silent.
#[utoipa::path(
    post, path = "/api/v1/look", tag = "checks", security(("device_token" = [])),
    request_body = LookRequest,
    responses((status = 200, description = "What is known", body = LookAnswer))
)]
pub(super) async fn post_look(
    State(shared): State<Shared>,
    Caller { device, .. }: Caller,
    Body(request): Body<LookRequest>,
) -> Result<Json<LookAnswer>, Problem> {
    let look = shared.gate.deciding.look(&device, &request.code.0);
    Ok(Json(look.await?))
}
