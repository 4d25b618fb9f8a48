//! Where connections come in, and how each is served.

use crate::connections::{Connections, Limits, OfLine, Place};
use crate::tls::TlsListener;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::handler::Handler;
use axum::http::Request;
use axum::routing::MethodRouter;
use axum::serve::Listener;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use office::Peer;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
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

/// How much of one is held at a time, header or body: nobody needs to be known for it.
const BUFFER_BYTES: usize = 16 * 1024;

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
            place.of.says_nothing();
            let mut request = request.map(|body| Body::new(Heard::of(body, &place.of)));
            request.extensions_mut().insert(ConnectInfo(Peer(address)));
            let router = front();
            let place = &place;
            async move {
                let answer = router.call(request, ()).await;
                place.of.says_nothing();
                Ok::<_, Infallible>(answer)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(BUFFER_BYTES);
        // Whoever hung up, or was too slow, has nobody to be told.
        let _ = watcher
            .watch(http.serve_connection(TokioIo::new(stream), answer))
            .await;
    }
}

/// A body that tells when all of it has come.
struct Heard {
    body: Incoming,
    /// Until it has.
    line: Option<OfLine>,
}

impl Heard {
    fn of(body: Incoming, line: &OfLine) -> Self {
        let line = Some(line.clone());
        let mut heard = Self { body, line };
        heard.look(false);
        heard
    }

    fn look(&mut self, ended: bool) {
        if ended || self.body.is_end_stream() {
            self.line.take().inspect(OfLine::asked);
        }
    }
}

impl hyper::body::Body for Heard {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.look(matches!(frame, Poll::Ready(None)));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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

    /// What happens at a door that says how much it was sent.
    async fn at_the_door(limits: Limits, scene: impl AsyncFnOnce(SocketAddr)) {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let front = || any(async |body: Bytes| format!("answered {}", body.len()));
        let connections = Connections::within(limits);
        let serving = take_connections(tcp, None, &connections, front, &shutdown);
        let scene = async {
            scene(address).await;
            shutdown.cancel();
        };
        tokio::join!(serving, scene);
    }

    async fn says(address: SocketAddr, said: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        stream
    }

    async fn answer(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        // Whoever is sent away in the middle hears of it so or so.
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn a_header_whose_body_never_comes_keeps_no_place() {
        let limits = Limits::of(Some(2), Some(2), Vec::new());
        at_the_door(limits, async |address| {
            let head =
                "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\n";
            let mut held = Vec::new();
            for _ in 0..2 {
                let mut stream = says(
                    address,
                    &head.replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n"),
                )
                .await;
                // It is asked for its body, which it keeps.
                stream.read_exact(&mut [0; 12]).await.unwrap();
                held.push(stream);
            }
            let honest = answer(says(address, &format!("{head}abc")).await).await;
            assert!(honest.ends_with("answered 3"), "{honest}");
        })
        .await;
    }

    #[tokio::test]
    async fn a_header_without_end_is_not_kept_and_a_long_one_is_read() {
        at_the_door(Limits::default(), async |address| {
            let head = |bytes| format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: {}", "x".repeat(bytes));
            let long = answer(says(address, &format!("{}\r\n\r\n", head(BUFFER_BYTES / 2))).await).await;
            assert!(long.ends_with("answered 0"), "{long}");
            let endless = answer(says(address, &head(2 * BUFFER_BYTES)).await).await;
            assert!(endless.starts_with("HTTP/1.1 431"), "{endless}");
            let body = "x".repeat(64 * BUFFER_BYTES);
            let whole = format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let whole = answer(says(address, &whole).await).await;
            assert!(whole.ends_with("answered 1048576"), "{whole}");
        })
        .await;
    }
}
