//! The stand-in as a real HTTP server.
//!
//! Below any path that ends in the version it is the service; below `/foreign/` it is
//! steered and watched.

use super::{ForeignSettings, ForeignTicketing, KeptControl, Way, ways};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use kernel::ProductCode;
use secutix::token::{Claims, signed_claims};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;
use tokio::net::TcpListener;

/// The most bytes of a request that are read.
const BODY_LIMIT_BYTES: usize = 1024 * 1024;
/// How late an answer comes under [`Way::Slow`].
const SLOW: Duration = Duration::from_millis(500);
/// The `Retry-After` of a service that is busy, in seconds.
const RETRY_AFTER_S: &str = "90";
/// How much older than its own second a token may be under [`Way::FreshTokens`].
const FRESH_S: i64 = 1;
/// What a request may say of a control.
const CONTROL_RESULTS: [&str; 4] = ["OK", "FAIL", "OFFLINE_OK", "OFFLINE_FAIL"];
const CANCELLED: &str = "CANCELLED_TICKET";

/// Everything the stand-in serves.
pub fn foreign_router(ticketing: ForeignTicketing) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/foreign/kept", get(kept))
        .route("/foreign/ways", get(current_ways).put(set_ways))
        .fallback(service)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(ticketing)
}

/// Serves until `shutdown` is done.
///
/// # Errors
/// If the listener fails.
pub async fn serve_foreign(
    listener: TcpListener,
    ticketing: ForeignTicketing,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, foreign_router(ticketing))
        .with_graceful_shutdown(shutdown)
        .await
}

/// What a browser is told that comes here.
async fn about() -> &'static str {
    "This is a stand-in for a SecuTix that is not ours, for trying only.\n\n\
     GET /foreign/kept   the controls that it took\n\
     GET /foreign/ways   how it behaves; PUT other words to change it\n\n\
     Below any other path it is the access control service, and wants a token.\n"
}

async fn kept(
    State(ticketing): State<ForeignTicketing>,
) -> Json<BTreeMap<String, Vec<KeptControl>>> {
    Json(ticketing.kept())
}

async fn current_ways(State(ticketing): State<ForeignTicketing>) -> String {
    let words: Vec<_> = ticketing.ways().into_iter().map(Way::as_str).collect();
    words.join(" ")
}

async fn set_ways(State(ticketing): State<ForeignTicketing>, words: String) -> Response {
    match ways(&words) {
        Ok(ways) => {
            ticketing.set_ways(ways);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

/// Why a call is not done: the code, and the reason.
struct Refused(&'static str, String);

async fn service(
    State(ticketing): State<ForeignTicketing>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    ticketing.state.lock().calls += 1;
    if let Some(response) = at_the_door(&ticketing, &headers) {
        return response;
    }
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return page_400();
    };
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let done = request_id(&ticketing, &request).and_then(|()| match name {
        "importControlledTicket" => import(&ticketing, &request),
        "getControlledTicket" => controlled_ticket(&ticketing, &request),
        "getAccessControlCatalog" => Ok(catalogue(&ticketing)),
        "getTimeZone" => Ok(time_zone(&ticketing)),
        _ => Err(Refused("METHOD", format!("{name} is no method"))),
    });
    let answer = answer(&ticketing, &request, done);
    if ticketing.has(Way::Slow) {
        tokio::time::sleep(SLOW).await;
    }
    answer
}

/// What is answered before anybody reads the call.
fn at_the_door(ticketing: &ForeignTicketing, headers: &HeaderMap) -> Option<Response> {
    let busy = [
        (Way::Busy429, 429),
        (Way::Busy509, 509),
        (Way::Busy503, 503),
    ];
    if let Some((_, status)) = busy.into_iter().find(|(way, _)| ticketing.has(*way)) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return Some((status, [(RETRY_AFTER, RETRY_AFTER_S)]).into_response());
    }
    if ticketing.has(Way::Proxy) {
        let status = StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        return Some((status, Html("<p>Proxy")).into_response());
    }
    let bearer = headers.get(AUTHORIZATION);
    let bearer = bearer.and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|text| text.strip_prefix("Bearer "));
    let claims = signed_claims(token.unwrap_or_default(), &ticketing.settings.password);
    let admitted = claims.is_ok_and(|claims| admits(ticketing, &claims));
    let refused = !admitted || ticketing.has(Way::Unauthorised);
    refused.then(|| StatusCode::UNAUTHORIZED.into_response())
}

fn admits(ticketing: &ForeignTicketing, claims: &Claims) -> bool {
    let settings = &ticketing.settings;
    let now_ms = settings.clock.now().millis();
    let (unit, now) = match ticketing.has(Way::Milliseconds) {
        true => (1_000, now_ms),
        false => (1, now_ms / 1_000),
    };
    let issuer = match ticketing.has(Way::Partner) {
        true => ForeignSettings::PARTNER,
        false => &settings.institution,
    };
    let lifetime_s = (claims.exp - claims.iat) / unit;
    let age_s = (now - claims.iat) / unit;
    claims.sub.as_str() == settings.institution
        && claims.aud == settings.operator
        && claims.iss == issuer
        && (0..=900).contains(&lifetime_s)
        && (!ticketing.has(Way::LongTokens) || lifetime_s == 900)
        && (0..=lifetime_s).contains(&age_s)
        && (!ticketing.has(Way::FreshTokens) || age_s <= FRESH_S)
}

fn request_id(ticketing: &ForeignTicketing, request: &Value) -> Result<(), Refused> {
    let id = request.get("requestId").unwrap_or(&Value::Null);
    let fits = match ticketing.has(Way::TextIds) {
        true => id.is_string(),
        false => id.as_i64().is_some_and(|id| i32::try_from(id).is_ok()),
    };
    if fits {
        return Ok(());
    }
    Err(Refused(
        "REQUEST_ID",
        "requestId has another type".to_owned(),
    ))
}

fn import(ticketing: &ForeignTicketing, request: &Value) -> Result<Map<String, Value>, Refused> {
    let items = request["controlledTickets"].as_array();
    let items = items.ok_or_else(|| Refused("PARAMETER", "controlledTickets".to_owned()))?;
    let by_item = ticketing.has(Way::Results) || ticketing.has(Way::Failures);
    if !by_item {
        // All or nothing.
        for item in items {
            verdict(ticketing, item)?;
        }
    }
    let in_small = ticketing.has(Way::LowerCase);
    let mut results = Vec::new();
    for item in items {
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        let barcode = text("barcode");
        let named = match in_small {
            true => barcode.to_lowercase(),
            false => barcode.clone(),
        };
        match verdict(ticketing, item) {
            Ok(()) => {
                let control = KeptControl {
                    result: text("controlResult"),
                    date: text("controlDate"),
                    season: text("seasonCode"),
                    product: text("productCode"),
                };
                let mut state = ticketing.state.lock();
                let controls = state.kept.entry(barcode).or_default();
                if !controls.contains(&control) {
                    controls.push(control);
                }
                if !state.ways.contains(&Way::Failures) {
                    results.push(json!({"barcode": named, "failureReason": null}));
                }
            }
            Err(Refused(code, why)) => {
                results.push(json!({"barcode": named, "failureReason": format!("{code}: {why}")}));
            }
        }
    }
    let results = match ticketing.has(Way::Wrapped) {
        true => json!({ "ticketResult": results }),
        false => json!(by_item.then_some(results)),
    };
    Ok([("ticketResults".to_owned(), results)]
        .into_iter()
        .collect())
}

/// Whether one item can be taken.
fn verdict(ticketing: &ForeignTicketing, item: &Value) -> Result<(), Refused> {
    let text = |field: &str| item[field].as_str().unwrap_or_default();
    let barcode = text("barcode");
    if barcode.is_empty() || ticketing.state.lock().poison.contains(barcode) {
        let why = format!("the barcode {barcode} belongs to another ticket");
        return Err(Refused("BARCODE", why));
    }
    let result = text("controlResult");
    let cancels = result == CANCELLED && ticketing.has(Way::Cancels);
    if !cancels && !CONTROL_RESULTS.contains(&result) {
        let why = format!("controlResult {result} is not one of the four");
        return Err(Refused("PARAMETER", why));
    }
    let sells = |season: &str, product: &str| {
        let products = ticketing.settings.seasons.iter();
        products
            .filter(|(code, _)| code.as_str() == season)
            .any(|(_, codes)| codes.iter().any(|code| code.as_str() == product))
    };
    let (season, product) = (text("seasonCode"), text("productCode"));
    if ticketing.has(Way::NoSeason) || !sells(season, product) {
        let why = format!("no product {product} in season {season}");
        return Err(Refused("SEASON", why));
    }
    Ok(())
}

fn controlled_ticket(
    ticketing: &ForeignTicketing,
    request: &Value,
) -> Result<Map<String, Value>, Refused> {
    let barcode = request["barCodeOrTaxNumber"].as_str().unwrap_or_default();
    let state = ticketing.state.lock();
    let Some(controls) = state.kept.get(barcode) else {
        return Err(Refused("TICKET", "no such ticket".to_owned()));
    };
    let operations: Vec<_> = controls
        .iter()
        .map(|kept| json!({"controlOperationType": kept.result, "operationDateTime": kept.date}))
        .collect();
    let data = json!({
        "barcode": barcode, "containerIdentifier": null, "containerTicket": null,
        "controlOperations": operations, "duplicate": null, "printingDateTime": null,
        "state": null, "taxNumber": null, "ticketKind": null, "ticketMedium": null,
    });
    Ok([("controlledTicketData".to_owned(), data)]
        .into_iter()
        .collect())
}

fn catalogue(ticketing: &ForeignTicketing) -> Map<String, Value> {
    let seasons = ticketing.settings.seasons.iter();
    let seasons = seasons.filter(|_| !ticketing.has(Way::NoSeason));
    let (name, seasons) = if ticketing.has(Way::OurShapes) {
        let season = |(code, products): (_, &BTreeSet<ProductCode>)| {
            let products = products
                .iter()
                .map(|code| json!({"code": code, "name": null, "family": "OPEN_PASS"}));
            json!({"code": code, "name": null, "products": products.collect::<Vec<_>>()})
        };
        ("seasons", seasons.map(season).collect::<Vec<_>>())
    } else {
        let season = |(code, products)| json!({"seasonCode": code, "productCodes": products});
        ("accessControlCatalog", seasons.map(season).collect())
    };
    [(name.to_owned(), json!(seasons))].into_iter().collect()
}

fn time_zone(ticketing: &ForeignTicketing) -> Map<String, Value> {
    let zone = ticketing.settings.zone.name();
    let (name, zone) = match ticketing.has(Way::OurShapes) {
        true => ("timeZone", json!(zone)),
        false => ("institutionTimeZone", json!({"id": zone})),
    };
    [(name.to_owned(), zone)].into_iter().collect()
}

/// The whole answer: the status beside what the method gives.
fn answer(
    ticketing: &ForeignTicketing,
    request: &Value,
    done: Result<Map<String, Value>, Refused>,
) -> Response {
    let has = |way| ticketing.has(way);
    let (status, mut fields) = match done {
        Ok(mut fields) => {
            let word = match (has(Way::CapitalOk), has(Way::SmallOk)) {
                (true, _) => "OK",
                (_, true) => "ok",
                _ => "success",
            };
            fields.insert("statusCode".to_owned(), json!(word));
            fields.insert("statusDetail".to_owned(), Value::Null);
            (StatusCode::OK, fields)
        }
        Err(Refused(code, why)) => {
            if has(Way::Http500) {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            if has(Way::Page400) {
                return page_400();
            }
            let fields = json!({"statusCode": code, "statusDetail": why});
            let fields = fields.as_object().cloned().unwrap_or_default();
            let ways = [
                (Way::Http400, 400),
                (Way::Http409, 409),
                (Way::Http422, 422),
            ];
            let status = ways.into_iter().find(|(way, _)| has(*way));
            let status = status.map_or(200, |(_, status)| status);
            (
                StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
                fields,
            )
        }
    };
    let id = request.get("requestId").cloned().unwrap_or_default();
    fields.insert("requestId".to_owned(), id);
    fields.insert("xsiNil".to_owned(), Value::Null);
    let mut whole = Value::Object(fields);
    if has(Way::Sparse) {
        whole = without_null(whole);
    }
    let text = whole.to_string();
    if has(Way::Portal) {
        return Html("<!doctype html><title>Sign in</title><p>Please sign in to the network.")
            .into_response();
    }
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    if has(Way::Half) {
        let half: String = text.chars().take(text.chars().count() / 2).collect();
        return (status, json, half).into_response();
    }
    (status, json, text).into_response()
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_null).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_null(value)))
            .collect(),
        other => other,
    }
}

/// What an application server says of a call that it cannot read.
fn page_400() -> Response {
    let page = Html("<!doctype html><title>HTTP Status 400 – Bad Request</title>");
    (StatusCode::BAD_REQUEST, page).into_response()
}
