//! Where connections come in, and how each is served.

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
use hyper_util::server::graceful::GracefulShutdown;
use office::Peer;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How long a connection may stay without a whole request's header, between two
/// requests too: who opens many and stays silent would keep the others out.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);

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

/// Takes connections without TLS.
pub(crate) struct PlainListener(pub(crate) TcpListener);

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
pub(crate) async fn take_connections<L>(
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::any;
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
