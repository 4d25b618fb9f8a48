//! A code becomes a token.

use super::Body;
use crate::problem::Problem;
use crate::service::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gate::DeviceToken;
use kernel::DeviceCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A code that somebody entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolmentRequest {
    /// The code that `passerelle device enrol` printed; case, hyphens and spaces
    /// mean nothing.
    #[schema(example = "ABCD-EFGH")]
    code: String,
}

/// What the device keeps.
#[derive(Serialize, ToSchema)]
struct EnrolmentAnswer {
    /// The device this is from now on.
    #[schema(value_type = String, example = "PDA01")]
    device: DeviceCode,
    /// Its token; shown only here.
    #[schema(example = "pst_…")]
    token: String,
}

/// Enrol a device.
///
/// The code is valid for 15 minutes, once. If the answer is lost, ask for
/// another code.
#[utoipa::path(
    post, path = "/api/v1/enrolments", tag = "device",
    request_body = EnrolmentRequest,
    responses(
        (status = 200, description = "The device's code and its token", body = EnrolmentAnswer),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`enrolment_code_invalid`: unknown, used or expired", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_attempts`: more than 20 wrong codes in a minute; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: ask for another code", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: try again, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_enrolment(
    State(shared): State<Shared>,
    Body(request): Body<EnrolmentRequest>,
) -> Result<Response, Problem> {
    let token = DeviceToken::from_random(random_bytes());
    let device = shared
        .gate
        .devices
        .enrol(&request.code, token.clone())
        .await?;
    tracing::info!(device = %device, "a device was enrolled");
    let answer = EnrolmentAnswer {
        device,
        token: token.reveal().to_owned(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// Two random UUIDs: 244 bits from the operating system.
fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    for half in bytes.chunks_exact_mut(16) {
        half.copy_from_slice(Uuid::new_v4().as_bytes());
    }
    bytes
}
