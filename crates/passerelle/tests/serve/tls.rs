//! The service with a certificate of its own.

use crate::{Service, passerelle, set_up};
use rcgen::{CertifiedKey, KeyPair};
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONFIGURATION: &str = "[server]\nlisten = \"127.0.0.1:0\"\n\
     tls_certificate = \"tls/certificate.pem\"\ntls_key = \"tls/key.pem\"\n\
     [otipass]\nurl = \"http://127.0.0.1:9/api\"\n[external_sales]\nevery_s = 1\n";

fn issue() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate")
}

fn put(folder: &TempDir, issued: &CertifiedKey<KeyPair>) {
    let path = |file: &str| folder.path().join("tls").join(file);
    std::fs::create_dir_all(path("")).expect("a folder");
    std::fs::write(path("key.pem"), issued.signing_key.serialize_pem()).expect("the key");
    std::fs::write(path("certificate.pem"), issued.cert.pem()).expect("the certificate");
}

/// Trusts this certificate and no other.
fn client_of(issued: &CertifiedKey<KeyPair>) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = Certificate::from_pem(issued.cert.pem().as_bytes()).expect("a certificate");
    Client::builder()
        .no_proxy()
        .tls_certs_only([trusted])
        .build()
        .expect("a client")
}

async fn ready(service: &Service, http: &Client) -> Value {
    let url = format!("https://{}/health/ready", service.address);
    let answer = http.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("JSON")
}

#[tokio::test]
async fn a_check_over_https_is_sold_and_those_who_stay_silent_hold_up_nobody() {
    let issued = issue();
    let folder = set_up(CONFIGURATION);
    put(&folder, &issued);
    let mut service = Service::in_folder(folder);
    let connect = async || TcpStream::connect(&service.address).await.expect("a line");
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(connect().await);
    }
    let mut in_plain_text = connect().await;
    in_plain_text
        .write_all(b"GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("sent");
    let mut answer = Vec::new();
    // It may hang up before or after it has been read.
    let _ = in_plain_text.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"), "no plain HTTP here");

    let http = client_of(&issued);
    let token = service.run(&["device", "token", "PDA01"]);
    let answer = http
        .post(format!("https://{}/api/v1/checks", service.address))
        .bearer_auth(token.trim())
        .json(&json!({
            "id": "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3",
            "code": "00029975",
            "scanned_at": "2026-07-14T07:00:00.114Z",
        }))
        .send()
        .await
        .expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["admitted"], true, "{answer}");

    // Gate and box office meet inside, without the certificate.
    let mut look = tokio::time::interval(Duration::from_millis(10));
    loop {
        look.tick().await;
        let waiting = &ready(&service, &http).await["waiting"];
        if waiting["deliveries"] == 0 && waiting["staged_ready"] == 0 {
            break;
        }
    }
    let sales = service.run(&["report", "sales", "--format", "json"]);
    let sales: Value = serde_json::from_str(&sales).expect("JSON");
    assert_eq!(sales["total"]["tickets"], 1);
    service.ask_to_end();
    assert!(service.ended(), "although some still say nothing");
    drop(silent);
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_without_a_restart() {
    let (first, second) = (issue(), issue());
    let folder = set_up(CONFIGURATION);
    put(&folder, &first);
    let mut service = Service::in_folder(folder);
    ready(&service, &client_of(&first)).await;
    put(&service.folder, &second);
    let url = format!("https://{}/health/live", service.address);
    let mut look = tokio::time::interval(Duration::from_millis(50));
    loop {
        look.tick().await;
        // A new client each time: a connection keeps the certificate it began with.
        if client_of(&second).get(&url).send().await.is_ok() {
            break;
        }
        client_of(&first)
            .get(&url)
            .send()
            .await
            .or(client_of(&second).get(&url).send().await)
            .expect("one of the two is always served");
    }
    service.ask_to_end();
    assert!(service.ended());
}

fn refusal(folder: &Path) -> String {
    let output = passerelle()
        .args(["serve", "--config"])
        .arg(folder.join("passerelle.toml"))
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn what_cannot_be_served_with_is_told_at_the_start() {
    let (one, other) = (issue(), issue());
    let cases = [
        ("key.pem", None, "key.pem cannot be read"),
        ("certificate.pem", None, "certificate.pem cannot be read"),
        (
            "certificate.pem",
            Some(String::new()),
            "holds no certificate",
        ),
        (
            "certificate.pem",
            Some(one.signing_key.serialize_pem()),
            "holds no certificate",
        ),
        ("key.pem", Some(one.cert.pem()), "holds no private key"),
        (
            "key.pem",
            Some(other.signing_key.serialize_pem()),
            "belongs to another certificate",
        ),
        ("certificate.pem", Some(cut(&one.cert.pem())), "certificate"),
    ];
    for (file, text, expected) in cases {
        let folder = set_up(CONFIGURATION);
        put(&folder, &one);
        let path = folder.path().join("tls").join(file);
        match text {
            Some(text) => std::fs::write(&path, text).expect("a file"),
            None => std::fs::remove_file(&path).expect("one file less"),
        }
        let said = refusal(folder.path());
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(said.contains(file), "{said}");
        for secret in [&one, &other] {
            let pem = secret.signing_key.serialize_pem();
            assert!(
                !said.contains(pem.lines().nth(1).expect("a line")),
                "{said}"
            );
        }
    }
    for (line, missing) in [
        ("tls_key = \"tls/key.pem\"\n", "tls_key"),
        (
            "tls_certificate = \"tls/certificate.pem\"\n",
            "tls_certificate",
        ),
    ] {
        let folder = set_up(&CONFIGURATION.replace(line, ""));
        let said = refusal(folder.path());
        let expected = format!("[server] {missing} is missing");
        assert!(said.contains(&expected), "{said}");
    }
}

/// A certificate without its middle.
fn cut(pem: &str) -> String {
    let lines: Vec<&str> = pem.lines().collect();
    let (start, end) = (&lines[..2], &lines[lines.len() - 1..]);
    [start, end].concat().join("\n")
}
