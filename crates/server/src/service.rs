use crate::Upkeep;
use crate::decode::Frames;
use crate::problem::Problem;
use crate::tls::TlsListener;
use crate::{access_control, decoder, device_api, health, scan, workers};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::handler::Handler;
use axum::http::{HeaderName, Request};
use axum::response::Redirect;
use axum::routing::{MethodRouter, any, any_service, get};
use axum::serve::Listener;
use boxoffice::BoxOffice;
use db::Db;
use gate::Gate;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use kernel::Clock;
use metrics_exporter_prometheus::PrometheusHandle;
use office::{Missing, OfficeRole, Peer};
use secutix::client::AccessControlClient;
use secutix::token::ExpectedCaller;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

/// How long a shutdown waits for work in hand before it leaves the rest to the
/// next start; everything is durable by then.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(20);

/// How long another service waits for the workers of the former.
const CHANGE_LIMIT: Duration = Duration::from_secs(3);

/// How long a connection may stay without a whole request's header, between two
/// requests too: who opens many and stays silent would keep the others out.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a sender may pause in the middle of a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a process serves: the gate, the box office, or both.
#[derive(Debug)]
pub struct Service {
    /// The gate's role, if this process has it.
    pub gate: Option<GateRole>,
    /// The box office's role, if this process has it.
    pub box_office: Option<BoxOfficeRole>,
    /// The back office, if this process has it.
    pub office: Option<OfficeRole>,
    /// The database behind both.
    pub db: Db,
    /// What `/metrics` shows.
    pub prometheus: PrometheusHandle,
    /// What the process does for itself, if it is to.
    pub upkeep: Option<Upkeep>,
    /// What the set-up lacks before every role of the process can be there.
    pub missing: Vec<Missing>,
}

/// Devices ask here, and control barcodes leave from here.
#[derive(Debug)]
pub struct GateRole {
    /// The gate.
    pub gate: Arc<Gate>,
    /// The way to ticketing.
    pub ticketing: AccessControlClient,
    /// The pause between two calls to ticketing, so that its rate limit is never
    /// reached.
    pub delivery_pause: Duration,
}

/// Control barcodes arrive here and are sold.
#[derive(Debug)]
pub struct BoxOfficeRole {
    /// The box office.
    pub box_office: Arc<BoxOffice>,
    /// Whose calls the access control service takes.
    pub caller: ExpectedCaller,
    /// What tokens are dated by.
    pub clock: Arc<dyn Clock>,
    /// The pause between two external sales runs; `None` leaves them to
    /// `passerelle sales run`.
    pub external_sales_every: Option<Duration>,
}

/// Where a service takes connections.
#[derive(Debug)]
pub struct Listeners {
    /// In plain HTTP.
    pub plain: Option<TcpListener>,
    /// With TLS.
    pub tls: Option<TlsListener>,
}

impl From<TcpListener> for Listeners {
    fn from(plain: TcpListener) -> Self {
        Self {
            plain: Some(plain),
            tls: None,
        }
    }
}

/// What the device API works with.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) gate: Arc<Gate>,
    /// Checks in hand, which a shutdown waits for.
    pub(crate) tasks: TaskTracker,
    /// Frames of cameras in hand.
    pub(crate) frames: Frames,
}

impl Service {
    /// All routes of this process; checks in hand are kept on `tasks`, and what
    /// stays open ends with `shutdown`.
    pub fn router(&self, tasks: &TaskTracker, shutdown: &CancellationToken) -> Router {
        let mut router = Router::new().merge(health::routes(self));
        if let Some(role) = &self.gate {
            let (routes, api) = device_api::routes();
            let shared = Shared {
                gate: Arc::clone(&role.gate),
                tasks: tasks.clone(),
                frames: Frames::new(),
            };
            // Unless told otherwise, the page shows the document to a validator
            // on the internet.
            let page = utoipa_swagger_ui::SwaggerUi::new("/api/docs")
                .url("/api/openapi.json", api)
                .config(
                    utoipa_swagger_ui::Config::default()
                        .validator_url("none")
                        .use_base_layout(),
                );
            router = router
                .merge(routes.with_state(shared))
                .merge(decoder::routes())
                .merge(scan::routes())
                .merge(page);
        }
        if self.gate.is_none() && !self.missing.is_empty() {
            router = router.route("/api/v1/{*rest}", any(async || Problem::not_set_up()));
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
        router
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .layer(DefaultBodyLimit::max(device_api::BODY_LIMIT_BYTES))
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
        let Listeners { plain, tls } = listeners.into();
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
                        tracing::warn!("some work was still in hand; it is taken up again at once");
                    }
                    workers::start(service, &tasks, &ending);
                }
                std::future::pending::<Infallible>().await
            };
            let connections = async {
                let plain = plain.map(PlainListener);
                tokio::join!(
                    take_connections(plain, front.clone(), &shutdown),
                    take_connections(tls, front, &shutdown),
                )
            };
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
                tracing::warn!("some work was still in hand; it is taken up again at the next start");
            }
        }
    }
}

/// Takes connections without TLS.
struct PlainListener(TcpListener);

impl Listener for PlainListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        no_delay(&stream);
        (stream, address)
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Serves at one listener, if there is one, until `shutdown`; then finishes what
/// is in hand there. `front` gives what answers at the moment. axum's own loop
/// sets no limit to how long a header may take.
async fn take_connections<L>(
    listener: Option<L>,
    front: impl Fn() -> MethodRouter + Clone + Send + 'static,
    shutdown: &CancellationToken,
) where
    L: Listener<Addr = SocketAddr>,
{
    let Some(mut listener) = listener else {
        return;
    };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let open = GracefulShutdown::new();
    loop {
        let (stream, address) = tokio::select! {
            taken = listener.accept() => taken,
            () = shutdown.cancelled() => break,
        };
        let front = front.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(Peer(address)));
            let router = front();
            async move { Ok::<_, Infallible>(router.call(request, ()).await) }
        });
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            // Whoever hung up, or was too slow, has nobody to be told.
            let _ = connection.await;
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// Answers are small: they must not wait to be sent together.
pub(crate) fn no_delay(stream: &TcpStream) {
    // Only speed depends on it.
    let _ = stream.set_nodelay(true);
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn who_opens_a_connection_and_stays_silent_is_sent_away() {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let front = || any(async || "answered");
        let serving = take_connections(Some(PlainListener(tcp)), front, &shutdown);
        let silent = async {
            for sent in ["", "GET / HTTP/1.1\r\nhost: x\r\n"] {
                let begun = Instant::now();
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(sent.as_bytes()).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                assert!(!answer.contains("answered"), "{answer}");
                assert!(begun.elapsed() >= HEADER_TIMEOUT);
            }
            shutdown.cancel();
        };
        tokio::join!(serving, silent);
    }
}
