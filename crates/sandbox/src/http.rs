//! The sandbox as a real HTTP server.
//!
//! Below `/api/{project}/` it is Otipass; below `/sandbox/` it is steered and
//! watched. `/` and `/sandbox/cards` show sample cards.

use crate::{Failure, Fault, Log, Sandbox, page};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{DefaultBodyLimit, Form, FromRequest, Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otipass::contract::{InvalidForm, WireAnswer, WirePass, WireStatus};
use otipass::pass_list::PASSES_PER_PAGE;
use otipass::{Answer, Call, Credentials, PassFacts, Question};
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;

/// The most bytes of a request that are read.
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// Everything the sandbox serves.
pub fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/", get(cards))
        .route("/sandbox/cards", get(cards))
        .route("/sandbox/faults", get(faults).put(set_faults))
        .route("/sandbox/log", get(log))
        // The paths of the contract are settings and may hold any character,
        // so they are compared rather than registered.
        .fallback(partner)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(sandbox)
}

/// Serves until `shutdown` is done, then answers what it has begun.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    sandbox: Sandbox,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // Only speed depends on it.
        let _ = stream.set_nodelay(true);
    });
    let ending = sandbox.clone();
    axum::serve(listener, router(sandbox))
        .with_graceful_shutdown(async move {
            shutdown.await;
            ending.end();
        })
        .await
}

async fn cards(State(sandbox): State<Sandbox>) -> Html<String> {
    Html(page::html(&sandbox))
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Vec<Fault>> {
    Json(sandbox.faults())
}

async fn set_faults(
    State(sandbox): State<Sandbox>,
    faults: Result<Json<Vec<Fault>>, JsonRejection>,
) -> Response {
    let set = match faults {
        Ok(Json(faults)) => sandbox
            .set_faults(faults)
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.body_text()),
    };
    match set {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => refusal(StatusCode::BAD_REQUEST, "fault", &message),
    }
}

async fn log(State(sandbox): State<Sandbox>) -> Json<Log> {
    Json(sandbox.log())
}

/// What the contract can be asked for.
enum Endpoint {
    Ask(Call),
    PassList,
    Status,
}

async fn partner(State(sandbox): State<Sandbox>, request: Request) -> Response {
    let Some(endpoint) = endpoint(&sandbox, request.uri().path()) else {
        let message = format!(
            "nothing is here; Otipass is below /api/{}/, sample cards are at /",
            sandbox.settings().project_id
        );
        return refusal(StatusCode::NOT_FOUND, "not_found", &message);
    };
    let method = match endpoint {
        Endpoint::Ask(_) => Method::POST,
        Endpoint::PassList | Endpoint::Status => Method::GET,
    };
    if request.method() != method {
        let message = format!("use {method} here");
        return refusal(StatusCode::METHOD_NOT_ALLOWED, "method", &message);
    }
    if !admits(&sandbox, request.headers()) {
        let message = "the credentials are missing or wrong; send those of this project";
        let mut refused = refusal(StatusCode::UNAUTHORIZED, "credentials", message);
        refused.headers_mut().insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Otipass\""),
        );
        return refused;
    }
    match endpoint {
        Endpoint::Status => {
            let status = WireStatus {
                project: sandbox.settings().project_id.clone(),
                time: sandbox.settings().clock.now(),
            };
            with_fault(&sandbox, || Json(status).into_response()).await
        }
        Endpoint::PassList => {
            sandbox.note_page();
            let uri = request.uri().clone();
            with_fault(&sandbox, || pass_page(&sandbox, &uri)).await
        }
        Endpoint::Ask(call) => match question(&sandbox, request).await {
            Err(message) => refusal(StatusCode::BAD_REQUEST, "malformed", &message),
            Ok(question) => {
                sandbox.note(call, question.reference);
                with_fault(&sandbox, || answer(&sandbox, call, &question)).await
            }
        },
    }
}

fn endpoint(sandbox: &Sandbox, path: &str) -> Option<Endpoint> {
    let settings = sandbox.settings();
    let path = path
        .strip_prefix("/api/")?
        .strip_prefix(&settings.project_id)?
        .strip_prefix('/')?;
    let contract = &settings.contract;
    [
        (&contract.validation_path, Endpoint::Ask(Call::Validation)),
        (&contract.declaration_path, Endpoint::Ask(Call::Declaration)),
        (&contract.inquiry_path, Endpoint::Ask(Call::Inquiry)),
        (
            &contract.cancellation_path,
            Endpoint::Ask(Call::Cancellation),
        ),
        (&contract.pass_list_path, Endpoint::PassList),
        (&contract.status_path, Endpoint::Status),
    ]
    .into_iter()
    .find_map(|(known, endpoint)| (known.trim_matches('/') == path).then_some(endpoint))
}

fn admits(sandbox: &Sandbox, headers: &HeaderMap) -> bool {
    let (name, expected) = match &sandbox.settings().credentials {
        None => return true,
        Some(Credentials::Basic { username, password }) => {
            let pair = format!("{username}:{}", password.expose_secret());
            (
                AUTHORIZATION.as_str(),
                format!("Basic {}", STANDARD.encode(pair)),
            )
        }
        Some(Credentials::ApiKey(key)) => (
            sandbox.settings().contract.api_key_header.as_str(),
            key.expose_secret().to_owned(),
        ),
    };
    headers
        .get(name)
        .is_some_and(|sent| sent.as_bytes() == expected.as_bytes())
}

async fn question(sandbox: &Sandbox, request: Request) -> Result<Question, String> {
    let Form(form) = Form::<HashMap<String, String>>::from_request(request, &())
        .await
        .map_err(|error: FormRejection| error.body_text())?;
    sandbox
        .settings()
        .contract
        .question(&form)
        .map_err(|error: InvalidForm| error.to_string())
}

/// What is asked for of the list of passes.
#[derive(serde::Deserialize)]
struct PageParameters {
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
}

fn pass_page(sandbox: &Sandbox, uri: &Uri) -> Response {
    let Ok(Query(asked)) = Query::<PageParameters>::try_from_uri(uri) else {
        let message = "the query cannot be read; it is since, after and limit";
        return refusal(StatusCode::BAD_REQUEST, "malformed", message);
    };
    let limit = asked.limit.unwrap_or(PASSES_PER_PAGE);
    match sandbox.pass_page(asked.since.as_deref(), asked.after.as_deref(), limit) {
        Ok(page) => Json(page).into_response(),
        Err(forgotten) => refusal(StatusCode::GONE, "place", &forgotten.to_string()),
    }
}

fn answer(sandbox: &Sandbox, call: Call, question: &Question) -> Response {
    let answer = match sandbox.answer(call, question) {
        Ok(answer) => answer,
        Err(conflict) => return refusal(StatusCode::CONFLICT, "reference", &conflict.to_string()),
    };
    let (message, facts) = match &answer {
        Answer::Yes(facts) => ("yes", Some(facts)),
        Answer::No { refusal, pass } => (refusal.as_str(), pass.as_ref()),
    };
    let status = sandbox.status_of(&question.card);
    let pass = facts.map(|facts: &PassFacts| WirePass {
        status: status.map(|status| status.as_str().to_owned()),
        valid_until: facts.valid_until,
        entries_left: facts.entries_left,
    });
    Json(WireAnswer {
        code: sandbox.settings().contract.code_of(&answer).to_owned(),
        message: Some(message.to_owned()),
        pass,
    })
    .into_response()
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "code": code, "message": message });
    (status, Json(body)).into_response()
}

/// Works on a request as well as the next fault lets it.
async fn with_fault(sandbox: &Sandbox, work: impl FnOnce() -> Response) -> Response {
    let fault = sandbox.next_fault();
    let answer = match fault.failure {
        None => work(),
        Some(Failure::Silence) => {
            sandbox.ended().await;
            return lost();
        }
        Some(Failure::Status(status)) => StatusCode::from_u16(status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response(),
        Some(failure) => spoilt(failure, work()),
    };
    if fault.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
    }
    answer
}

/// What comes instead of an answer, of a question that was worked on.
fn spoilt(failure: Failure, mut answer: Response) -> Response {
    let wrong = HeaderValue::from_static("text/plain");
    match failure {
        Failure::Html => {
            Html("<!doctype html><title>Sign in</title><p>Please sign in to the network.")
                .into_response()
        }
        Failure::Empty => StatusCode::OK.into_response(),
        Failure::HalfJson => {
            ([(CONTENT_TYPE, "application/json")], r#"{"code":"A"#).into_response()
        }
        Failure::WrongContentType => {
            answer.headers_mut().insert(CONTENT_TYPE, wrong);
            answer
        }
        Failure::AnswerLost | Failure::Silence | Failure::Status(_) => lost(),
    }
}

/// An answer whose connection breaks before it is written.
fn lost() -> Response {
    Response::new(Body::new(Broken))
}

/// A body that fails at once, so that the server drops the connection.
struct Broken;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}
