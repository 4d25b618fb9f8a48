//! A process's routes, and how it serves them.

use crate::connections::Connections;
use crate::decode::Frames;
use crate::device_api::request::Shared;
use crate::listeners::{Listeners, take_connections};
use crate::problem::Problem;
use crate::roles::Service;
use crate::{access_control, decoder, device_api, health, scan, workers};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderName, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Redirect;
use axum::routing::{any, any_service, get};
use deviceapi::ProblemCode;
use kernel::{ManualClock, causes};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

/// The header by which a replay says what time it is, as ISO-8601.
pub const CLOCK_HEADER: &str = "passerelle-clock";

/// How long a shutdown waits for work in hand before it leaves the rest to the
/// next start; everything is durable by then.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(20);

/// How long another service waits for the workers of the former.
const CHANGE_LIMIT: Duration = Duration::from_secs(3);

/// How long a sender may pause in the middle of a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

impl Service {
    /// All routes of this process; checks in hand are kept on `tasks`, and what
    /// stays open ends with `shutdown`.
    pub fn router(&self, tasks: &TaskTracker, shutdown: &CancellationToken) -> Router {
        let mut router = Router::new().merge(health::routes(self));
        if let Some(role) = &self.gate {
            let shared = Shared {
                gate: Arc::clone(&role.gate),
                tasks: tasks.clone(),
                frames: Frames::read_by(role.picture_reader.clone()),
                proxies: role.proxies.clone().into(),
            };
            router = router
                .merge(device_api::routes(shared))
                .merge(decoder::routes())
                .merge(scan::routes());
        }
        if self.gate.is_none() && !self.missing.is_empty() {
            router = router.route(
                "/api/v1/{*rest}",
                any(async || Problem::of(ProblemCode::NotSetUp)),
            );
        }
        if let Some(role) = &self.box_office {
            router = router.merge(access_control::routes(role));
        }
        let office = self.office.clone().map(|role| {
            let parts = office::Parts {
                role,
                db: self.db.clone(),
                gate: self.gate.as_ref().map(|role| Arc::clone(&role.gate)),
                box_office: (self.box_office.as_ref()).map(|role| Arc::clone(&role.box_office)),
                missing: self.missing.clone(),
                day: Arc::clone(&self.day),
            };
            office::router(parts, shutdown)
        });
        let front = if office.is_some() {
            "/office/"
        } else if self.gate.is_some() {
            "/api/docs"
        } else {
            "/health/ready"
        };
        router = router
            .merge(office.unwrap_or_default())
            .route("/", get(async move || Redirect::temporary(front)));
        let request_id = HeaderName::from_static("x-request-id");
        let trace = TraceLayer::new_for_http().make_span_with({
            let request_id = request_id.clone();
            move |request: &Request<_>| {
                let id = request.headers().get(&request_id);
                tracing::info_span!(
                    "request",
                    id = id.and_then(|id| id.to_str().ok()).unwrap_or_default(),
                    method = %request.method(),
                    path = request.uri().path(),
                )
            }
        });
        if let Some(clock) = self.clock_by_request.clone() {
            router = router.layer(from_fn(move |request: Request<_>, next: Next| {
                set_clock(&clock, request.headers());
                next.run(request)
            }));
        }
        router
            .fallback(async || Problem::of(ProblemCode::NotFound))
            .method_not_allowed_fallback(async || Problem::of(ProblemCode::MethodNotAllowed))
            .layer(DefaultBodyLimit::max(deviceapi::BODY_LIMIT_BYTES))
            .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(trace)
            .layer(PropagateRequestIdLayer::new(request_id.clone()))
            .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
    }

    /// Serves until `shutdown`, then finishes what is in hand.
    pub async fn serve(self, listeners: impl Into<Listeners>, shutdown: CancellationToken) {
        // Nobody sends another.
        let (_, next) = mpsc::channel(1);
        self.serve_then(listeners, next, shutdown).await;
    }

    /// As [`Service::serve`], and each service that `next` gives takes the place
    /// of the former. Connections stay: nobody who asks in between is refused,
    /// and what is in hand is answered by the service that began it. The workers
    /// of the next begin when those of the former have stopped.
    pub async fn serve_then(
        self,
        listeners: impl Into<Listeners>,
        mut next: mpsc::Receiver<Self>,
        shutdown: CancellationToken,
    ) {
        let Listeners { plain, tls, limits } = listeners.into();
        let open = Connections::within(limits);
        let (db, node) = (self.db.urgent(), self.node.clone());
        let mut tasks = TaskTracker::new();
        let mut ending = shutdown.child_token();
        let (put, present) = watch::channel(any_service(self.router(&tasks, &ending)));
        workers::start(self, &tasks, &ending);
        let front = move || present.borrow().clone();
        let serving = async {
            let changes = async {
                while let Some(service) = next.recv().await {
                    let left = std::mem::take(&mut tasks);
                    let ended = std::mem::replace(&mut ending, shutdown.child_token());
                    drop(put.send_replace(any_service(service.router(&tasks, &ending))));
                    ended.cancel();
                    left.close();
                    if timeout(CHANGE_LIMIT, left.wait()).await.is_err() {
                        tracing::warn!("some work was still in hand; it is resumed at once");
                    }
                    workers::start(service, &tasks, &ending);
                }
                std::future::pending::<Infallible>().await
            };
            let plain = async {
                if let Some(tcp) = plain {
                    take_connections(tcp, None, &open, front.clone(), &shutdown).await;
                }
            };
            let secure = async {
                if let Some(tls) = tls {
                    let agree = Some(tls.acceptor());
                    let _looking = tls.looking;
                    take_connections(tls.tcp, agree, &open, front.clone(), &shutdown).await;
                }
            };
            let connections = async { tokio::join!(plain, secure) };
            tokio::select! {
                ((), ()) = connections => {}
                never = changes => match never {},
            }
            tasks.close();
            tasks.wait().await;
        };
        let too_late = async {
            shutdown.cancelled().await;
            tokio::time::sleep(SHUTDOWN_LIMIT).await;
        };
        tokio::select! {
            () = serving => {}
            () = too_late => {
                tracing::warn!("some work was still in hand; it is resumed at the next start");
            }
        }
        // Not before: whoever takes the database over counts on it.
        match timeout(CHANGE_LIMIT, gate::nodes::leave(&db, &node)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = causes(&error), "the other nodes will miss this one");
            }
            Err(_) => tracing::warn!("the database was too slow to be told of the end"),
        }
    }
}

/// A replay hands the service its clock: a request that bears [`CLOCK_HEADER`] finds
/// it at that moment.
fn set_clock(clock: &ManualClock, headers: &HeaderMap) {
    let moment = headers.get(CLOCK_HEADER);
    if let Some(moment) = moment.and_then(|moment| moment.to_str().ok()?.parse().ok()) {
        clock.set(moment);
    }
}

/// What the outside sees of a panic: nothing but the problem.
fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    use axum::response::IntoResponse;
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    Problem::internal(&std::io::Error::other(what.to_owned())).into_response()
}
