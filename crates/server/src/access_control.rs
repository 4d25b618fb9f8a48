//! The service side of the access control interface v1.4 over REST
//! (`docs/interfaces/access-control-service.md`).

use crate::device_api::request::bearer;
use crate::roles::BoxOfficeRole;
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode as Http, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use boxoffice::{BoxOffice, CatalogueAnswerError, StagingError};
use db::DbError;
use deviceapi::BODY_LIMIT_BYTES;
use kernel::{Clock, causes};
use secutix::token::{self, Caller};
use secutix::wire::{
    Answer, ControlledTicketAnswer, GetAccessControlCatalogRequest, GetControlledTicketRequest,
    GetTimeZoneRequest, ImportControlledTicketCall, StatusCode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::sync::Arc;

/// Where the service is, up to and including its version.
pub const PATH: &str = "/tnci/backend-apis/externalAccessControlService/v1_4";

#[derive(Clone)]
struct Desk {
    box_office: Arc<BoxOffice>,
    caller: Arc<Caller>,
    clock: Arc<dyn Clock>,
}

pub(crate) fn routes(role: &BoxOfficeRole) -> Router {
    let desk = Desk {
        box_office: Arc::clone(&role.box_office),
        caller: Arc::new(role.caller.clone()),
        clock: Arc::clone(&role.clock),
    };
    let methods = Router::new()
        .route("/importControlledTicket", post(import_controlled_ticket))
        .route("/getControlledTicket", post(get_controlled_ticket))
        .route("/getAccessControlCatalog", post(get_access_control_catalog))
        .route("/getTimeZone", post(get_time_zone))
        .with_state(desk);
    Router::new().nest(PATH, methods)
}

/// A call by whom it may come from, with what it carries.
struct Call<T>(T);

impl<T: DeserializeOwned> FromRequest<Desk> for Call<T> {
    type Rejection = Response;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Response> {
        let token = bearer(request.headers()).unwrap_or_default();
        if let Err(error) = token::verify(token, &desk.caller, desk.clock.now()) {
            tracing::warn!(%error, "a call to the access control service was refused");
            let bearer = [(header::WWW_AUTHENTICATE, "Bearer")];
            return Err((Http::UNAUTHORIZED, bearer).into_response());
        }
        let refused = |code, detail| refused(String::new(), code, detail);
        let body = Bytes::from_request(request, desk).await.map_err(|error| {
            if error.status() == Http::PAYLOAD_TOO_LARGE {
                let detail = format!(
                    "The body has more than {BODY_LIMIT_BYTES} bytes; send fewer tickets at a time."
                );
                return refused(StatusCode::TooManyTickets, detail);
            }
            let detail = "The body broke off; send the same call again.".to_owned();
            refused(StatusCode::InvalidRequest, detail)
        })?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let detail = format!(
                "The body is not what this method takes: line {}, column {}.",
                error.line(),
                error.column()
            );
            refused(StatusCode::InvalidRequest, detail)
        })
    }
}

fn done<T: Serialize>(request_id: String, body: T) -> Response {
    Json(Answer::ok(request_id, body)).into_response()
}

fn refused(request_id: String, code: StatusCode, detail: String) -> Response {
    let http = Http::from_u16(code.http_status()).unwrap_or(Http::INTERNAL_SERVER_ERROR);
    (http, Json(Answer::<()>::failed(request_id, code, detail))).into_response()
}

fn internal(request_id: String, error: &(dyn Error + 'static)) -> Response {
    tracing::error!(
        error = causes(error),
        "a call to the access control service failed"
    );
    let detail = "Nothing was changed; send the same call again.".to_owned();
    let mut answer = refused(request_id, StatusCode::InternalError, detail);
    // The database is away: that is no fault of ours, and the same call may do.
    if DbError::is_behind(error) {
        *answer.status_mut() = Http::SERVICE_UNAVAILABLE;
    }
    answer
}

async fn import_controlled_ticket(
    State(desk): State<Desk>,
    Call(call): Call<ImportControlledTicketCall>,
) -> Response {
    let answer = desk.box_office.import_controlled(call.controlled_tickets);
    match answer.await {
        Ok(answer) => done(call.request_id, answer),
        Err(error @ StagingError::TooMany { .. }) => {
            let code = StatusCode::TooManyTickets;
            refused(call.request_id, code, error.to_string())
        }
        Err(error) => internal(call.request_id, &error),
    }
}

async fn get_controlled_ticket(
    State(desk): State<Desk>,
    Call(request): Call<GetControlledTicketRequest>,
) -> Response {
    let barcode = request.bar_code_or_tax_number;
    match desk.box_office.controlled_ticket(barcode).await {
        Ok(Some(controlled_ticket_data)) => {
            let answer = ControlledTicketAnswer {
                controlled_ticket_data,
            };
            done(String::new(), answer)
        }
        Ok(None) => {
            let detail = "There is no ticket with this barcode.".to_owned();
            refused(String::new(), StatusCode::TicketNotFound, detail)
        }
        Err(error) => internal(String::new(), &error),
    }
}

async fn get_access_control_catalog(
    State(desk): State<Desk>,
    Call(request): Call<GetAccessControlCatalogRequest>,
) -> Response {
    let season = request.season_code;
    match desk.box_office.access_control_catalogue(season).await {
        Ok(catalogue) => done(request.request_id, catalogue),
        Err(error @ CatalogueAnswerError::SeasonNotFound { .. }) => {
            let code = StatusCode::SeasonNotFound;
            refused(request.request_id, code, error.to_string())
        }
        Err(error) => internal(request.request_id, &error),
    }
}

async fn get_time_zone(
    State(desk): State<Desk>,
    Call(request): Call<GetTimeZoneRequest>,
) -> Response {
    done(request.request_id, desk.box_office.time_zone())
}
