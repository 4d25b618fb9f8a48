//! Entries that are taken back.

use super::{Body, Caller};
use crate::problem::Problem;
use crate::service::Shared;
use axum::Json;
use axum::extract::State;
use gate::{Cancellation, Freshness};
use kernel::{CancellationId, CheckId, DeviceCode, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entry to take back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancellationRequest {
    /// Chosen by the device for this cancellation.
    #[schema(value_type = String, format = Uuid, example = "07737f53-58fe-4de3-a6f3-e57ee4b6c619")]
    id: CancellationId,
    /// The check that admitted the visitor, at this device.
    #[schema(value_type = String, format = Uuid, example = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    check_id: CheckId,
    /// When, by the device's clock: at most 15 minutes after the scan.
    #[schema(value_type = String, format = DateTime, example = "2026-07-14T07:04:10.000Z")]
    cancelled_at: Timestamp,
}

impl CancellationRequest {
    pub(super) fn cancellation(self, device: DeviceCode) -> Cancellation {
        Cancellation {
            id: self.id,
            check_id: self.check_id,
            device,
            cancelled_at: self.cancelled_at,
        }
    }
}

/// A cancelled entry.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CancellationAnswer {
    /// The check.
    #[schema(value_type = String, format = Uuid, example = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    check_id: CheckId,
    /// When it was cancelled.
    #[schema(value_type = String, format = DateTime, example = "2026-07-14T07:04:10.000Z")]
    cancelled_at: Timestamp,
    /// How many visitors this device had admitted that day, this one no more
    /// included.
    #[schema(example = 41)]
    device_count_today: u32,
    /// Whether this is the first answer given again.
    #[schema(example = false)]
    repeated: bool,
}

/// Take back an entry.
///
/// Ticket and account line are voided by a counter-entry, and the pass gets its
/// entry back.
#[utoipa::path(
    post, path = "/api/v1/cancellations", tag = "checks", security(("device_token" = [])),
    request_body = CancellationRequest,
    responses(
        (status = 200, description = "It is cancelled", body = CancellationAnswer),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`check_unknown`: send the check first", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_cancellable`: it admitted nobody, or at another device, or was cancelled before, or too long ago", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: send it again under the same id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: send it again under the same id, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_cancellation(
    State(shared): State<Shared>,
    Caller(device): Caller,
    Body(request): Body<CancellationRequest>,
) -> Result<Json<CancellationAnswer>, Problem> {
    let cancelled = shared
        .gate
        .deciding
        .cancel(request.cancellation(device))
        .await?;
    Ok(Json(CancellationAnswer {
        check_id: cancelled.check_id,
        cancelled_at: cancelled.cancelled_at,
        device_count_today: cancelled.device_count_today,
        repeated: cancelled.freshness == Freshness::Repeated,
    }))
}
