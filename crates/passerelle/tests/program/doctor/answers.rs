//! What Otipass, proxies and ticketing answer.

use super::set_up::SetUp;
use axum::Json;
use axum::http::StatusCode;
use axum::routing::post;
use kernel::{Clock, SystemClock};
use sandbox::{Failure, Fault};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn refused_credentials_are_named() {
    let set_up = SetUp::healthy();
    set_up.secret("otipass.password", "another");
    set_up
        .names("credentials_refused", "[otipass] username")
        .await;
}

#[tokio::test]
async fn an_api_key_where_a_password_is_wanted_is_named() {
    let set_up = SetUp::healthy();
    set_up.replace("passerelle.toml", "password_file", "api_key_file");
    set_up
        .names("credentials_refused", "[otipass] api_key_file")
        .await;
}

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
async fn an_answer_that_is_none_of_otipass_is_named() {
    for (failure, code) in [
        (Failure::Html, "otipass_not_understood"),
        (Failure::Status(404), "otipass_not_found"),
        (Failure::AnswerLost, "otipass_unreachable"),
    ] {
        let set_up = SetUp::healthy();
        let fault = Fault {
            failure: Some(failure),
            ..Fault::default()
        };
        set_up.otipass.sandbox.set_faults(vec![fault]).unwrap();
        set_up.names(code, "[otipass] url").await;
    }
}

#[tokio::test]
async fn another_project_s_credentials_are_named() {
    let set_up = SetUp::healthy();
    let answer = Json(json!({"project": "montagne", "time": SystemClock.now()}));
    let router = axum::Router::new().fallback(async move || answer);
    let origin = serve(router).await;
    let text = set_up.read("passerelle.toml");
    let url = text
        .lines()
        .find(|line| line.starts_with("url = \"http"))
        .unwrap();
    set_up.replace("passerelle.toml", url, &format!("url = \"{origin}/api\""));
    set_up.names("project_mismatch", "mapping.json:2:23").await;
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

    let elsewhere =
        json!({"requestId": "doctor", "statusCode": "OK", "timeZone": "Asia/Tokyo", "seasons": []});
    let set_up = with_ticketing(StatusCode::OK, elsewhere).await;
    let findings = set_up.findings().await;
    assert!(
        findings
            .iter()
            .any(|f| f.code == "time_zone_differs" && f.severity == "warning")
    );

    let odd = json!({"requestId": "doctor", "statusCode": "OK", "seasons": "VN"});
    let unknown = with_ticketing(StatusCode::OK, odd).await;
    let findings = unknown.findings().await;
    for code in ["ticketing_shape_unknown", "ticketing_names_none"] {
        assert!(findings.iter().any(|f| f.code == code), "{findings:#?}");
    }

    for (status, code, place) in [
        (
            StatusCode::UNAUTHORIZED,
            "ticketing_credentials_refused",
            "[access_control] operator",
        ),
        (
            StatusCode::BAD_GATEWAY,
            "ticketing_unreachable",
            "[access_control] url",
        ),
        (
            StatusCode::NOT_FOUND,
            "ticketing_refused",
            "[access_control] url",
        ),
    ] {
        with_ticketing(status, json!({}))
            .await
            .names(code, place)
            .await;
    }
    let busy = with_ticketing(StatusCode::TOO_MANY_REQUESTS, json!({})).await;
    let findings = busy.findings().await;
    assert!(findings.iter().any(|f| f.code == "ticketing_busy"));
}
