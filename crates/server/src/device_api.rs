//! Device API v1: what scanners, turnstiles and integrators speak.

mod checks;
mod device;
mod document;
mod page;
pub(crate) mod request;

use axum::extract::DefaultBodyLimit;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use request::Shared;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

/// The most of an enrolment: whoever sends it has shown nothing yet.
const STRANGERS_LIMIT_BYTES: usize = 4 * 1024;

/// The routes, those of the document that describes them and of its page among
/// them.
pub(crate) fn routes(shared: Shared) -> Router {
    let strangers = DefaultBodyLimit::max(STRANGERS_LIMIT_BYTES);
    let (routes, api) = OpenApiRouter::with_openapi(document::begun())
        .routes(routes!(checks::post_check))
        .routes(routes!(checks::post_batch))
        .routes(routes!(checks::post_cancellation))
        .routes(routes!(checks::post_look))
        .routes(routes!(device::get_device))
        .routes(routes!(device::get_pass_list))
        .routes(routes!(device::post_enrolment).layer(strangers))
        .routes(routes!(device::post_decode))
        .split_for_parts();
    let document = document::completed(api);
    let page = page::render(&document);
    let shown = get(async move || (page::HEADERS, Html(page)));
    routes
        .with_state(shared)
        .route("/api/docs", shown.clone())
        .route("/api/docs/", shown)
        .route("/api/openapi.json", get(async move || Json(document)))
}
