//! A new version of the page arrives while somebody is scanning.

use super::{GOOD, House, ONCE};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use browser::{Browser, PHONE};
use stage::wait;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the new version is called; as long as the old one's name.
const NEW: &str = "0123456789abcdef";

/// Stands before the service. When told so, it gives its page another version.
#[derive(Clone)]
struct Release {
    service: String,
    old: String,
    is_out: Arc<AtomicBool>,
    http: reqwest::Client,
}

async fn forward(State(release): State<Release>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.to_string().replace(NEW, &release.old);
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut ask = release
        .http
        .request(parts.method, format!("{}{path}", release.service))
        .body(body);
    for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
        if let Some(value) = parts.headers.get(&name) {
            ask = ask.header(name, value);
        }
    }
    let answer = ask.send().await.unwrap();
    let renamed = |text: &str| {
        if release.is_out.load(Ordering::SeqCst) {
            text.replace(&release.old, NEW)
        } else {
            text.to_owned()
        }
    };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            response = response.header(name, renamed(value.to_str().unwrap()));
        }
    }
    let bytes = answer.bytes().await.unwrap();
    let body = match std::str::from_utf8(&bytes) {
        Ok(text) => Body::from(renamed(text)),
        Err(_) => Body::from(bytes),
    };
    response.body(body).unwrap()
}

/// Serves it as long as the test runs.
fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(|| {
        wait(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    address
}

#[test]
fn a_new_version_waits_for_a_pause_and_loses_nothing() {
    let house = House::open(&[]);
    let service = house.url("");
    let old = house.version();
    let is_out = Arc::new(AtomicBool::new(false));
    let release = Release {
        service,
        old: old.clone(),
        is_out: Arc::clone(&is_out),
        http: house.http.clone(),
    };
    let address = serve(Router::new().fallback(forward).with_state(release));

    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    let code = house.enrolment_code("PDA01");
    tab.open(&format!(
        "http://localhost:{}/scan#enrol={code}",
        address.port()
    ));
    tab.until_text("#line", "Online");
    tab.until("navigator.serviceWorker.controller !== null");
    let version = "document.body.dataset.version";
    assert_eq!(tab.run(version), old);

    is_out.store(true, Ordering::SeqCst);
    tab.tap("#go-type");
    tab.run("navigator.serviceWorker.ready.then((here) => here.update()).then(() => {})");
    tab.until("navigator.serviceWorker.ready.then((here) => { globalThis.waits = !!here.waiting; }), globalThis.waits");
    // Somebody types: nothing changes under the fingers.
    tab.insert(GOOD);
    tab.tap("#type-form .main");
    tab.until_text("#answer-words", "Welcome");
    assert_eq!(tab.run(version), old);
    // Then nobody does anything for a while.
    tab.until(&format!("{version} === '{NEW}'"));
    tab.until_text("#line", "Online");
    tab.until_text("#today", "1");
    tab.until("caches.keys().then((names) => { globalThis.kept = names.join(); }), globalThis.kept === 'scan-0123456789abcdef'");
    tab.wedge(ONCE, "Enter");
    tab.until_text("#answer-words", "Welcome");
    tab.until_text("#today", "2");
}
