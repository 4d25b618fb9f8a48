//! The service with a certificate of its own.

use crate::{BIN, NOBODY, id};
use kernel::{Clock, SystemClock};
use rcgen::{CertifiedKey, KeyPair};
use reqwest::{Certificate, Client};
use serde_json::json;
use stage::villeneuve::GOOD;
use stage::{Program, SET_UP, SOLD_SOON, answer, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const CONFIGURATION: &str =
    "tls_certificate = \"tls/certificate.pem\"\ntls_key = \"tls/key.pem\"\n";

/// A service with this certificate, which does not run yet.
pub fn prepared(configuration: &str, issued: &CertifiedKey<KeyPair>) -> Program {
    let set_up = SET_UP.replace("OTIPASS", NOBODY);
    let service = Program::new(BIN, "", &format!("{configuration}{set_up}{SOLD_SOON}"));
    put(&service, issued);
    service
}

pub fn issue() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate")
}

fn put(service: &Program, issued: &CertifiedKey<KeyPair>) {
    std::fs::create_dir_all(service.path("tls")).expect("a folder");
    service.write("tls/key.pem", &issued.signing_key.serialize_pem());
    service.write("tls/certificate.pem", &issued.cert.pem());
}

/// Trusts this certificate and no other.
pub fn client_of(issued: &CertifiedKey<KeyPair>) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = Certificate::from_pem(issued.cert.pem().as_bytes()).expect("a certificate");
    Client::builder()
        .no_proxy()
        .tls_certs_only([trusted])
        .build()
        .expect("a client")
}

pub fn url(service: &Program, path: &str) -> String {
    service.url(path).replace("http:", "https:")
}

#[tokio::test]
async fn a_check_over_https_is_sold_and_those_who_stay_silent_hold_up_nobody() {
    let issued = issue();
    let mut service = prepared(CONFIGURATION, &issued);
    service.start();
    let connect = async || TcpStream::connect(service.address).await.expect("a line");
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(connect().await);
    }
    let mut in_plain_text = connect().await;
    in_plain_text
        .write_all(b"GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("sent");
    let mut said = Vec::new();
    // It may hang up before or after it has been read.
    let _ = in_plain_text.read_to_end(&mut said).await;
    assert!(!said.starts_with(b"HTTP/"), "no plain HTTP here");

    let http = client_of(&issued);
    let check = json!({"id": id(1), "code": GOOD, "scanned_at": SystemClock.now()});
    let asked = http.post(url(&service, "/api/v1/checks")).json(&check);
    let admitted = answer(asked.bearer_auth(service.token("PDA01"))).await;
    assert_eq!(admitted.json()["admitted"], true, "{admitted:?}");

    // Gate and box office meet inside, without the certificate.
    eventually("it is sold", async || {
        let ready = answer(http.get(url(&service, "/health/ready"))).await;
        let waiting = &ready.json()["waiting"];
        waiting["deliveries"] == 0 && waiting["staged_ready"] == 0
    })
    .await;
    let sales = service.json(&["report", "sales"]);
    assert_eq!(sales["total"]["tickets"], 1);
    // Although some still say nothing.
    service.stop();
    drop(silent);
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_without_a_restart() {
    let (first, second) = (issue(), issue());
    let mut service = prepared(CONFIGURATION, &first);
    service.start();
    let live = url(&service, "/health/live");
    let served = async |issued| client_of(issued).get(&live).send().await.is_ok();
    assert!(served(&first).await);
    put(&service, &second);
    // A new client each time: a connection keeps the certificate it began with.
    eventually("the second is served", async || {
        if served(&second).await {
            return true;
        }
        let one = served(&first).await || served(&second).await;
        assert!(one, "one of the two is always served");
        false
    })
    .await;
    service.stop();
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
        let service = prepared(CONFIGURATION, &one);
        let path = service.path("tls").join(file);
        match text {
            Some(text) => std::fs::write(&path, text).expect("a file"),
            None => std::fs::remove_file(&path).expect("one file less"),
        }
        let said = service.refused(&["serve"]);
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
        let service = prepared(&CONFIGURATION.replace(line, ""), &one);
        let said = service.refused(&["serve"]);
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
