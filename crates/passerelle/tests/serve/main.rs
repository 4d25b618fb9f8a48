//! The service as a process: what goes on when nobody listens to it, and when
//! it is asked to end.

mod change_over;
mod tls;

use kernel::SystemClock;
use rustix::process::{Pid, Signal, kill_process};
use sandbox::{Fault, PassBook, Sandbox, SandboxSettings};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

fn passerelle() -> Command {
    Command::new(env!("CARGO_BIN_EXE_passerelle"))
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
}

/// A folder with the example site and this configuration.
fn set_up(configuration: &str) -> tempfile::TempDir {
    folder(&format!(
        "{configuration}[set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
         mapping = \"mapping.json\"\n"
    ))
}

/// The same, and the configuration names no file unless it says so.
fn folder(configuration: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/villeneuve");
    for file in ["site.toml", "mapping.json", "catalogue.toml"] {
        std::fs::copy(example.join(file), folder.path().join(file)).expect("a copy");
    }
    for (file, text) in [
        ("operator.password", "correct horse\n"),
        ("passerelle.toml", configuration),
    ] {
        std::fs::write(folder.path().join(file), text).expect("a file");
    }
    folder
}

/// A stand-in for Otipass that knows one pass, and its address.
async fn start_sandbox() -> (Sandbox, String) {
    let passes = "number;status;duration_days;valid_until;services\n\
                  00029975;active;7;2026-07-31;PCUMID000FSA5CD6:*\n";
    let sandbox = Sandbox::new(
        PassBook::from_csv(passes.as_bytes()).expect("passes"),
        SandboxSettings::new(
            "villeneuve",
            "Europe/Paris".parse().expect("a zone"),
            Arc::new(SystemClock),
        ),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(sandbox::serve(
        listener,
        sandbox.clone(),
        std::future::pending(),
    ));
    (sandbox, format!("http://{address}/api"))
}

/// It takes its time.
fn slow() -> Fault {
    Fault {
        latency_ms: 700,
        ..Fault::default()
    }
}

/// `passerelle serve` on the example site, in a folder of its own.
struct Service {
    folder: tempfile::TempDir,
    process: Child,
    /// What it prints after its address.
    output: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Service {
    fn start(otipass: &str) -> Self {
        Self::configured(&format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[otipass]\nurl = \"{otipass}\"\n"
        ))
    }

    fn configured(configuration: &str) -> Self {
        Self::in_folder(set_up(configuration))
    }

    fn in_folder(folder: tempfile::TempDir) -> Self {
        let mut process = passerelle()
            .args(["serve", "--config"])
            .arg(folder.path().join("passerelle.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let output = process.stdout.take().expect("its output");
        let mut output = BufReader::new(output).lines();
        let first = output.next().expect("a line").expect("text");
        let address = first.rsplit_once("://").expect("its address").1.to_owned();
        Self {
            folder,
            process,
            output,
            address,
        }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("passerelle.toml")
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = passerelle()
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .output()
            .expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Sends one check and gives the answer, once there is one.
    fn check(&self) -> impl Future<Output = Value> + Send + use<> {
        self.check_as("1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")
    }

    /// The same, with an id of its own.
    fn check_as(&self, id: &str) -> impl Future<Output = Value> + Send + use<> {
        let id = id.to_owned();
        let token = self.run(&["device", "token", "PDA01"]);
        let url = format!("http://{}/api/v1/checks", self.address);
        async move {
            let answer = client()
                .post(url)
                .bearer_auth(token.trim())
                .json(&json!({
                    "id": id,
                    "code": "00029975",
                    "scanned_at": "2026-07-14T07:00:00.114Z",
                }))
                .send()
                .await
                .expect("an answer");
            answer.json().await.expect("JSON")
        }
    }

    /// Waits until `/health/ready` says so.
    async fn until(&self, holds: impl Fn(&Value) -> bool) {
        let http = client();
        let url = format!("http://{}/health/ready", self.address);
        let mut look = tokio::time::interval(Duration::from_millis(10));
        loop {
            look.tick().await;
            let answer = http.get(&url).send().await.expect("an answer");
            if holds(&answer.json().await.expect("JSON")) {
                return;
            }
        }
    }

    fn ask_to_end(&self) {
        let id = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw);
        kill_process(id.expect("a process"), Signal::TERM).expect("a signal");
    }

    fn ended(&mut self) -> bool {
        self.process.wait().expect("its end").success()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // A test that failed leaves no process behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_neither_a_check_nor_the_end() {
    // Nobody listens on the discard port: each check logs a warning.
    let mut service = Service::start("http://127.0.0.1:9/api");
    drop(service.process.stderr.take());
    let answer = service.check().await;
    assert_eq!(answer["outcome"], "accepted_unverified", "{answer}");
    service.ask_to_end();
    assert!(service.ended());
}

#[tokio::test]
async fn a_check_in_hand_is_answered_before_the_end() {
    let (sandbox, otipass) = start_sandbox().await;
    sandbox.set_faults(vec![slow()]).expect("a fault");
    let mut service = Service::start(&otipass);
    let answer = tokio::spawn(service.check());
    let mut look = tokio::time::interval(Duration::from_millis(5));
    while sandbox.log().total.validations == 0 {
        look.tick().await;
    }
    service.ask_to_end();
    let answer = answer.await.expect("the check is answered");
    assert_eq!(answer["outcome"], "accepted", "{answer}");
    assert!(service.ended());
    let report = service.run(&["report", "attendance", "--format", "json"]);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["by_outcome"]["accepted"], 1, "it was recorded too");
}

#[tokio::test]
async fn gate_and_box_office_run_apart_and_meet_over_the_access_control_service() {
    let mut box_office = Service::configured(
        "[server]\nlisten = \"127.0.0.1:0\"\nroles = [\"box_office\"]\n\
         [access_control]\npassword_file = \"operator.password\"\n\
         [external_sales]\nevery_s = 1\n",
    );
    let mut gate = Service::configured(&format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nroles = [\"gate\"]\n\
         [otipass]\nurl = \"http://127.0.0.1:9/api\"\n\
         [access_control]\nurl = \"http://{}{}\"\npassword_file = \"operator.password\"\n",
        box_office.address,
        server::ACCESS_CONTROL_PATH,
    ));
    let answer = gate.check().await;
    assert_eq!(answer["admitted"], true, "{answer}");
    gate.until(|ready| ready["waiting"]["deliveries"] == 0)
        .await;
    box_office
        .until(|ready| ready["waiting"]["staged_ready"] == 0)
        .await;
    let sales = box_office.run(&["report", "sales", "--format", "json"]);
    let sales: Value = serde_json::from_str(&sales).expect("JSON");
    assert_eq!(sales["total"]["tickets"], 1);
    assert_eq!(sales["total"]["gross_minor"], 950);
    for (service, sides) in [(&gate, "gate"), (&box_office, "box_office")] {
        let books = service.run(&["reconcile", "--format", "json"]);
        let books: Value = serde_json::from_str(&books).expect("JSON");
        assert_eq!(books["sides"], sides);
        assert_eq!(books["unexplained"], 0, "{books}");
    }
    let nobody = client()
        .get(format!("http://{}/api/v1/device", box_office.address))
        .send()
        .await
        .expect("an answer");
    assert_eq!(nobody.status(), 404, "the device API is the gate's");
    for service in [&mut gate, &mut box_office] {
        service.ask_to_end();
        assert!(service.ended());
    }
}

#[tokio::test]
async fn what_nobody_has_set_up_is_named_and_the_service_runs() {
    let listening = "[server]\nlisten = \"127.0.0.1:0\"\n";
    let service = Service::in_folder(folder(listening));
    let get = async |path: &str| {
        let url = format!("http://{}{path}", service.address);
        client().get(url).send().await.expect("an answer")
    };
    let ready = get("/health/ready").await;
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.expect("JSON");
    assert_eq!(ready["status"], "set_up_incomplete");
    assert_eq!(ready["missing"], json!(["site", "connection", "mapping"]));
    let device = get("/api/v1/device").await;
    assert_eq!(device.status(), 503);
    let problem: Value = device.json().await.expect("JSON");
    assert_eq!(problem["code"], "not_set_up");
    assert_eq!(get("/office/welcome").await.status(), 200);
}
