//! Device API v1: what scanners, turnstiles and integrators speak.

mod cancellations;
mod checks;
mod enrolment;
mod journal;
mod look;
mod pass_list;
mod snapshot;

use crate::decode;
use crate::problem::Problem;
use crate::service::Shared;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use gate::DeviceToken;
use kernel::DeviceCode;
use serde::de::DeserializeOwned;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most a request's body may have, in bytes.
pub const BODY_LIMIT_BYTES: usize = 1024 * 1024;

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
            `method_not_allowed`. As long as the set-up is not complete, each of them \
            answers `not_set_up`.\n\n\
            Limits: code 512 bytes, note 200 characters, batch 500 checks and 500 cancellations, body \
            1 MiB."
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
                "The device's token. `POST /api/v1/enrolments` gives one for a code that \
                 `passerelle device enrol` prints.",
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
        .routes(routes!(checks::post_check))
        .routes(routes!(journal::post_batch))
        .routes(routes!(cancellations::post_cancellation))
        .routes(routes!(look::post_look))
        .routes(routes!(snapshot::get_device))
        .routes(routes!(pass_list::get_pass_list))
        .routes(routes!(enrolment::post_enrolment))
        .routes(routes!(decode::post_decode))
        .split_for_parts()
}

/// The device whose token came with the request.
pub(crate) struct Caller(pub(crate) DeviceCode);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(Problem::token_invalid)?;
        shared
            .gate
            .devices
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
