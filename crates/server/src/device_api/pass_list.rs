//! The pass list for devices that refuse passes without network.

use super::{Caller, bearer};
use crate::problem::Problem;
use crate::service::Shared;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use gate::{DeviceToken, pass_list};
use serde::Deserialize;
use utoipa::IntoParams;

/// The header with the signature of the exact bytes of the body.
const SIGNATURE: HeaderName = HeaderName::from_static("x-passerelle-signature");

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// The version that the device has. Without it, or if too much has changed
    /// since, the answer is a whole list.
    since: Option<i64>,
}

/// Passes to refuse without network.
///
/// Only under the policy `guarded`. Keep the body with its signature, byte by
/// byte. After a whole list, ask once more with its version.
#[utoipa::path(
    get, path = "/api/v1/pass-list", tag = "device", security(("device_token" = [])),
    params(ListQuery),
    responses(
        (status = 200, description = "A whole list, or what has changed since the version", body = serde_json::Value,
            headers(("x-passerelle-signature" = String, description = "HMAC-SHA256 of the body's exact bytes in hex; the key is the SHA-256 of the token"))),
        (status = 400, description = "`query_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no_pass_list`", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`internal`: ask again", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: ask again, after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_pass_list(
    State(shared): State<Shared>,
    _: Caller,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::query_invalid(error.body_text()))?;
    let token = bearer(&headers).ok_or_else(Problem::token_invalid)?;
    let token = DeviceToken::presented(token);
    let list = shared.gate.pass_lists.list(query.since).await?;
    let list = list.ok_or_else(Problem::no_pass_list)?;
    let body = serde_json::to_vec(&list).map_err(|error| Problem::internal(&error))?;
    let signature = pass_list::sign(&body, &token);
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (SIGNATURE, signature),
    ];
    Ok((headers, body).into_response())
}
