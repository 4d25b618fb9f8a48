//! What Otipass, proxies and ticketing answer.

use super::set_up::SetUp;
use axum::Json;
use axum::http::StatusCode;
use axum::routing::post;
use kernel::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let set_up = SetUp::healthy();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let text = set_up.read("passerelle.toml");
    let origin = text.split("url = \"http://").nth(1).unwrap();
    let origin = origin.split('/').next().unwrap().to_owned();
    set_up.replace("passerelle.toml", &origin, &free.to_string());
    set_up.names("otipass_unreachable", "[otipass] url").await;
    // The line is tried as far as it can be without a project.
    set_up.replace("mapping.json", "OtipassProjectId", "Projet");
    let found = set_up.findings().await;
    let is_named = found.iter().any(|one| one.code == "otipass_unreachable");
    assert!(is_named, "{found:?}");
}

/// A proxy that answers every request with `answer`.
async fn proxy(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    format!("proxy = \"http://{address}\"\nwhen_silent")
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named() {
    let wants_password = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    let forbids = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
    for (answer, scheme) in [
        (wants_password, "http://"),
        (wants_password, "https://"),
        (forbids, "https://"),
    ] {
        let set_up = SetUp::healthy();
        set_up.replace("passerelle.toml", "when_silent", &proxy(answer).await);
        set_up.replace(
            "passerelle.toml",
            "url = \"http://",
            &format!("url = \"{scheme}"),
        );
        set_up.names("proxy_refused", "[otipass] proxy").await;
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_named() {
    for (off_ms, way) in [(-40_000, "ahead of"), (120_000, "behind")] {
        let set_up = SetUp::healthy();
        set_up.clock.set(SystemClock.now());
        set_up.clock.advance_ms(off_ms);
        let finding = set_up.names("server_clock_off", "clock").await;
        assert!(finding.what.contains(way), "{}", finding.what);
    }
}

async fn serve(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A set-up whose ticketing is elsewhere and gives this answer to everything.
pub async fn with_ticketing(status: StatusCode, answer: Value) -> SetUp {
    let set_up = SetUp::healthy();
    let router =
        axum::Router::new().route("/v1_4/{method}", post(async move || (status, Json(answer))));
    let origin = serve(router).await;
    set_up.replace("passerelle.toml", "listen", "roles = [\"gate\"]\nlisten");
    set_up.append(
        "passerelle.toml",
        &format!(
            "[access_control]\nurl = \"{origin}/v1_4\"\npassword_file = \"operator.password\"\n"
        ),
    );
    set_up
}

/// What ticketing says of the example's season, whose first product is of this family.
pub fn families(first: &str) -> Value {
    json!({"requestId": "doctor", "statusCode": "OK", "timeZone": "Europe/Paris", "seasons": [
        {"code": "VN26", "products": [
            {"code": "PASSVN", "family": first},
            {"code": "PASSVN2", "family": "OPEN_PASS"},
            {"code": "PASSVN3", "family": "OPEN_PASS"},
        ]},
    ]})
}

#[tokio::test]
async fn ticketing_elsewhere_is_asked() {
    let set_up = with_ticketing(StatusCode::OK, families("OPEN_PASS")).await;
    assert_eq!(set_up.mistakes().await, []);

    set_up.replace("mapping.json", "PASSVN3", "PASSVN9");
    let finding = set_up.names("product_unknown", "mapping.json:38:22").await;
    assert_eq!(finding.part, "ticketing");
    set_up.replace("mapping.json", "PASSVN9", "PASSVN3");
    set_up.replace("mapping.json", "VN26", "VN27");
    set_up.names("season_unknown", "mapping.json:7:21").await;

    let set_up = with_ticketing(StatusCode::OK, families("EVENT")).await;
    let mistakes = set_up.mistakes().await;
    assert_eq!(mistakes.len(), 4);
    assert!(mistakes.iter().all(|f| f.code == "not_open_pass"));
}
