//! `passerelle serve` on the example site with a sandbox behind it.

use kernel::{Clock, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use sandbox::{PassBook, Sandbox, SandboxSettings};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// What the visitors hold.
pub const CARDS: [&str; 3] = ["00029975", "00039131", "00179333"];
pub const OTIPASS_PASSWORD: &str = "correct-horse-battery";
pub const OPERATOR_PASSWORD: &str = "staple-of-the-operator";

pub struct House {
    pub folder: TempDir,
    service: Option<Service>,
    pub http: reqwest::Client,
}

struct Service {
    process: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        // A test that failed leaves no process behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An Otipass that lets everybody in, as long as the test runs.
pub async fn otipass() -> String {
    let mut passes = "number;status;duration_days;valid_until;services\n".to_owned();
    for card in CARDS {
        passes.push_str(&format!("{card};active;7;2099-12-31;PCUMID000FSA5CD6:*\n"));
    }
    let sandbox = Sandbox::new(
        PassBook::from_csv(passes.as_bytes()).unwrap(),
        SandboxSettings::new(
            "villeneuve",
            "Europe/Paris".parse().unwrap(),
            Arc::new(SystemClock),
        ),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(sandbox::serve(listener, sandbox, std::future::pending()));
    format!("http://{address}/api")
}

impl House {
    /// A house that is set up and not at work; `more` is added to its
    /// configuration.
    pub fn set_up(otipass: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/villeneuve");
        for file in ["site.toml", "mapping.json", "catalogue.toml"] {
            std::fs::copy(example.join(file), folder.path().join(file)).unwrap();
        }
        let configuration = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n\
             [set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
             mapping = \"mapping.json\"\n\
             [otipass]\nurl = \"{otipass}\"\nusername = \"villeneuve\"\n\
             password_file = \"otipass.password\"\n\
             [access_control]\npassword_file = \"operator.password\"\ncalls_per_minute = 6000\n\
             [external_sales]\nevery_s = 1\n{more}"
        );
        for (file, text) in [
            ("otipass.password", OTIPASS_PASSWORD),
            ("operator.password", OPERATOR_PASSWORD),
            ("passerelle.toml", &configuration),
        ] {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            folder,
            service: None,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub async fn at_work(more: &str) -> Self {
        let mut house = Self::set_up(&otipass().await, more);
        house.start();
        house
    }

    pub fn start(&mut self) {
        let mut process = self
            .command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(self.path("log")).unwrap())
            .spawn()
            .unwrap();
        let output = process.stdout.take().unwrap();
        let first = BufReader::new(output).lines().next().unwrap().unwrap();
        let address = first.rsplit_once("http://").unwrap().1.to_owned();
        self.service = Some(Service { process, address });
    }

    /// Asks the service to end and waits for it.
    pub fn stop(&mut self) {
        let mut service = self.service.take().unwrap();
        let id = i32::try_from(service.process.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
        assert!(service.process.wait().unwrap().success());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("passerelle.db")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command
            .args(arguments)
            .env("PASSERELLE_CONFIG", self.path("passerelle.toml"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must end well, and gives what it prints.
    pub fn fine(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must not work, and gives the reason.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub fn token(&self) -> String {
        self.fine(&["device", "token", "PDA01"]).trim().to_owned()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.as_ref().unwrap().address)
    }

    /// Sends the check with this number, and gives its answer.
    pub fn check(&self, token: &str, number: u64) -> impl Future<Output = Value> + Send + use<> {
        let card = CARDS[usize::try_from(number).unwrap() % CARDS.len()];
        let at = SystemClock.now().plus_ms(-1_000);
        let check = json!({"id": id(number), "code": card, "scanned_at": at});
        let (http, token) = (self.http.clone(), token.to_owned());
        let url = self.url("/api/v1/checks");
        async move {
            let sent = http.post(url).bearer_auth(token).json(&check).send().await;
            sent.unwrap().json().await.unwrap()
        }
    }

    /// Waits until nothing waits any more.
    pub async fn until_at_rest(&self) {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            let answer = self.http.get(self.url("/health/ready")).send().await;
            let ready: Value = answer.unwrap().json().await.unwrap();
            let waiting = ready["waiting"].as_object().unwrap();
            if waiting.values().all(|count| count == 0) {
                return;
            }
        }
    }

    pub fn books(&self) -> Value {
        serde_json::from_str(&self.fine(&["reconcile", "--format", "json"])).unwrap()
    }
}

pub fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The text of a path.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
