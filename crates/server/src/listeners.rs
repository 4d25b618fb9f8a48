//! Where connections come in, and how each is served.

use crate::connections::{Connections, Limits, Place};
use crate::tls::TlsListener;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::handler::Handler;
use axum::http::Request;
use axum::routing::MethodRouter;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use office::Peer;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long a connection may stay without a whole request's header, between two
/// requests too.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a client may take to agree on a connection with TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may leave an answer unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a service takes connections.
#[derive(Debug)]
pub struct Listeners {
    /// In plain HTTP.
    pub plain: Option<TcpListener>,
    /// With TLS.
    pub tls: Option<TlsListener>,
    /// How many, of both.
    pub limits: Limits,
}

impl From<TcpListener> for Listeners {
    fn from(plain: TcpListener) -> Self {
        Self {
            plain: Some(plain),
            tls: None,
            limits: Limits::default(),
        }
    }
}

/// Serves at one listener until `shutdown`; then finishes what is in hand there.
/// `front` gives what answers at the moment. axum's own loop sets no limits.
pub(crate) async fn take_connections(
    mut listener: TcpListener,
    tls: Option<TlsAcceptor>,
    connections: &Connections,
    front: impl Fn() -> MethodRouter + Clone + Send + Sync + 'static,
    shutdown: &CancellationToken,
) {
    let open = GracefulShutdown::new();
    loop {
        let (stream, address) = tokio::select! {
            taken = Listener::accept(&mut listener) => taken,
            () = shutdown.cancelled() => break,
        };
        let Some(place) = connections.take(address) else {
            continue;
        };
        // Answers are small: they must not wait to be sent together. Only speed
        // depends on it.
        let _ = stream.set_nodelay(true);
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream
            .as_mut()
            .set_write_timeout_pinned(Some(WRITE_TIMEOUT));
        let hang_up = place.hang_up.clone();
        let door = Door {
            place,
            address,
            watcher: open.watcher(),
            front: front.clone(),
        };
        let (tls, shutdown) = (tls.clone(), shutdown.clone());
        tokio::spawn(hang_up.run_until_cancelled_owned(async move {
            match tls {
                None => door.serve(stream).await,
                Some(tls) => {
                    let agreed = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
                    // Port scanners, and people who typed http: nothing to tell.
                    if let Some(Ok(Ok(stream))) = shutdown.run_until_cancelled(agreed).await {
                        door.serve(stream).await;
                    }
                }
            }
        }));
    }
    drop(listener);
    open.shutdown().await;
}

/// What one connection is served with.
struct Door<F> {
    place: Place,
    address: SocketAddr,
    watcher: Watcher,
    front: F,
}

impl<F: Fn() -> MethodRouter> Door<F> {
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
        let Self {
            place,
            address,
            watcher,
            front,
        } = self;
        let answer = service_fn(|request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(Peer(address)));
            let router = front();
            let place = &place;
            async move {
                place.asked();
                let answer = router.call(request, ()).await;
                place.answered();
                Ok::<_, Infallible>(answer)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT);
        // Whoever hung up, or was too slow, has nobody to be told.
        let _ = watcher
            .watch(http.serve_connection(TokioIo::new(stream), answer))
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::any;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn who_opens_a_connection_and_stays_silent_is_sent_away() {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let front = || any(async || "answered");
        let connections = Connections::within(Limits::default());
        let serving = take_connections(tcp, None, &connections, front, &shutdown);
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
