//! The device itself: what it must know, the pass list, its enrolment, and the
//! frames of its camera.

use super::request::{Body, Caller, Origin, Shared, Whole, said};
use crate::problem::Problem;
use crate::random::random_bytes;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use deviceapi::pass_list::{ListQuery, SIGNATURE};
use deviceapi::{
    DecodeAnswer, DeviceReport, DeviceSnapshot, EnrolmentAnswer, EnrolmentRequest, ProblemCode,
};
use gate::{DeviceToken, Holder, pass_list};

/// Ask what a device has to know of itself.
///
/// With the query the device says how it is; all of it may be left out.
#[utoipa::path(
    get, path = "/api/v1/device", tag = "device", security(("device_token" = [])),
    params(DeviceReport),
    responses((status = 200, description = "The device's door, sector and settings", body = DeviceSnapshot))
)]
pub(super) async fn get_device(
    State(shared): State<Shared>,
    Caller {
        device, enrolment, ..
    }: Caller,
    query: Result<Query<DeviceReport>, QueryRejection>,
) -> Result<Json<DeviceSnapshot>, Problem> {
    let report = said(query)?;
    if report.battery_percent.is_some_and(|percent| percent > 100) {
        let detail = "battery_percent is a number from 0 to 100.".to_owned();
        return Err(Problem::new(ProblemCode::QueryInvalid, detail));
    }
    Ok(Json(
        shared
            .gate
            .snapshot(Holder { device, enrolment }, report)
            .await?,
    ))
}

/// Ask for the passes to refuse without network.
///
/// Only under the policy `guarded`. Keep the body with its signature, byte by
/// byte. After a whole list, ask once more with its version.
#[utoipa::path(
    get, path = "/api/v1/pass-list", tag = "device", security(("device_token" = [])),
    params(ListQuery),
    responses(
        (status = 200, description = "A whole list, or what has changed since the version", body = serde_json::Value,
            headers(("x-passerelle-signature" = String, description = "HMAC-SHA256 of the body's exact bytes in hex; the key is the SHA-256 of the token"))),
    )
)]
pub(super) async fn get_pass_list(
    State(shared): State<Shared>,
    Caller { token, .. }: Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let list = shared.gate.pass_lists.list(said(query)?.since).await?;
    let list = list.ok_or_else(|| Problem::of(ProblemCode::NoPassList))?;
    let body = serde_json::to_vec(&list).map_err(|error| Problem::internal(&error))?;
    let signature = pass_list::sign(&body, &token);
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
        (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
        (SIGNATURE, signature),
    ];
    Ok((headers, body).into_response())
}

/// Enrol a device.
///
/// The code is valid for 15 minutes, once. If the answer is lost, ask for
/// another code.
#[utoipa::path(
    post, path = "/api/v1/enrolments", tag = "device",
    request_body = EnrolmentRequest,
    responses((status = 200, description = "The device's code and its token", body = EnrolmentAnswer))
)]
pub(super) async fn post_enrolment(
    State(shared): State<Shared>,
    Origin(from): Origin,
    Body(request): Body<EnrolmentRequest>,
) -> Result<Response, Problem> {
    let token = DeviceToken::from_random(random_bytes());
    let device = shared
        .gate
        .devices
        .enrol(&request.code, token.clone(), from)
        .await?;
    tracing::info!(device = %device, "a device was enrolled");
    let answer = Json(EnrolmentAnswer {
        device,
        enrolment: token.enrolment(),
        token: token.reveal().to_owned(),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}

/// Read a code from a frame of a camera.
///
/// For pages whose browser cannot do it. Nothing is decided and nothing kept:
/// send the text as a check afterwards. JPEG or PNG, at most 1 MiB, 4,096 pixels
/// a side and 4 million pixels. 640 × 480 is enough and fast. The answer comes
/// within a second: what takes longer to read shows no code. One frame of a device
/// is in hand at a time, another meanwhile is answered `busy`.
#[utoipa::path(
    post, path = "/api/v1/decode", tag = "camera", security(("device_token" = [])),
    request_body(content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"))),
    responses((status = 200, description = "The code in the frame, if there is one", body = DecodeAnswer))
)]
pub(super) async fn post_decode(
    State(shared): State<Shared>,
    Caller { enrolment, .. }: Caller,
    Whole(frame): Whole,
) -> Result<Json<DecodeAnswer>, Problem> {
    Ok(Json(shared.frames.read(enrolment, frame).await?))
}
