//! The service as a process: what goes on when nobody listens to it.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn passerelle() -> Command {
    Command::new(env!("CARGO_BIN_EXE_passerelle"))
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_neither_a_check_nor_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/villeneuve");
    for file in ["site.toml", "mapping.json", "catalogue.toml"] {
        std::fs::copy(example.join(file), folder.path().join(file)).unwrap();
    }
    let config = folder.path().join("passerelle.toml");
    // Nobody listens on the discard port: each check logs a warning.
    let text = "[server]\nlisten = \"127.0.0.1:0\"\n[otipass]\nurl = \"http://127.0.0.1:9/api\"\n";
    std::fs::write(&config, text).unwrap();

    let mut service = passerelle()
        .args(["serve", "--config"])
        .arg(&config)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(service.stderr.take());
    let mut lines = BufReader::new(service.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first.rsplit_once("http://").unwrap().1.to_owned();
    drop(lines);
    let token = passerelle()
        .args(["device", "token", "PDA01", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap();

    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer: Value = http
        .post(format!("http://{address}/api/v1/checks"))
        .bearer_auth(token.trim())
        .json(&json!({
            "id": "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3",
            "code": "00029975",
            "scanned_at": "2026-07-14T07:00:00.114Z",
        }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["outcome"], "accepted_unverified", "{answer}");

    let id = Pid::from_raw(i32::try_from(service.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    assert!(service.wait().unwrap().success());
}
