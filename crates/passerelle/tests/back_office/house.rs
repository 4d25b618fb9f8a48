//! `passerelle serve` as a process that can be stopped, and a sandbox in place of
//! Otipass.

use browser::Tab;
use kernel::{Clock, SystemClock};
use sandbox::{PassBook, Sandbox, SandboxSettings};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A pass with entries without end.
pub const GOOD: &str = "00029975";
/// Good enough for everyone here.
pub const PASSWORD: &str = "a museum by the river";

/// The museum.
pub struct House {
    pub folder: tempfile::TempDir,
    process: Option<Child>,
    configuration: String,
    /// Where the service listens, also after it was started again.
    address: String,
    /// What makes the first account, as the latest start printed it.
    secret: Option<String>,
    /// Where Otipass's stand-in is, up to and with `/api`.
    pub otipass: String,
    runtime: Runtime,
}

impl House {
    /// Everything is set up by file.
    pub fn set_up() -> Self {
        Self::open(
            "[set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
             mapping = \"mapping.json\"\n[otipass]\nurl = \"OTIPASS\"\n",
        )
    }

    /// Nothing is set up.
    pub fn empty() -> Self {
        Self::open("")
    }

    fn open(configuration: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let passes = format!(
            "number;status;duration_days;valid_until;services\n\
             {GOOD};active;7;2099-12-31;PCUMID000FSA5CD6:*\n"
        );
        let sandbox = Sandbox::new(
            PassBook::from_csv(passes.as_bytes()).unwrap(),
            SandboxSettings::new(
                "villeneuve",
                "Europe/Paris".parse().unwrap(),
                Arc::new(SystemClock),
            ),
        );
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let otipass = format!("http://{}/api", listener.local_addr().unwrap());
        runtime.spawn(sandbox::serve(listener, sandbox, std::future::pending()));
        let folder = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/villeneuve");
        for file in ["site.toml", "mapping.json", "catalogue.toml"] {
            std::fs::copy(example.join(file), folder.path().join(file)).unwrap();
        }
        let site = std::fs::read_to_string(folder.path().join("site.toml")).unwrap();
        let site = site.replace("Europe/Paris", &zone_at_noon());
        std::fs::write(folder.path().join("site.toml"), site).unwrap();
        let mut house = Self {
            folder,
            process: None,
            configuration: configuration.replace("OTIPASS", &otipass),
            address: "127.0.0.1:0".to_owned(),
            secret: None,
            otipass,
            runtime,
        };
        house.start();
        house
    }

    /// Starts the service, at the address it had before.
    pub fn start(&mut self) {
        let text = format!(
            "[server]\nlisten = \"{}\"\n[external_sales]\nevery_s = 1\n{}",
            self.address, self.configuration
        );
        let path = self.folder.path().join("passerelle.toml");
        std::fs::write(&path, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_passerelle"))
            .args(["serve", "--config"])
            .arg(path)
            .env("PASSERELLE_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        self.address = first.rsplit_once("http://").unwrap().1.to_owned();
        if self.secret.is_none() {
            let mut lines = lines.map(Result::unwrap);
            lines.find(|line| line.starts_with("with this secret"));
            self.secret = lines.find(|line| !line.trim().is_empty());
        }
        self.process = Some(process);
    }

    /// Ends the service at once, as a power cut would.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Makes the first account, an administrator of this name.
    pub fn begin(&self, tab: &Tab<'_>, name: &str) {
        tab.open(&self.url("/office/welcome"));
        tab.fill("secret", self.secret.as_ref().unwrap().trim());
        tab.fill("name", name);
        tab.fill("login", "camille");
        tab.fill("password", PASSWORD);
        tab.fill("again", PASSWORD);
        tab.submit("Create the account");
    }

    /// What a command of the program prints, and whether all was fine.
    pub fn ask(&self, arguments: &[&str]) -> (String, bool) {
        let output = Command::new(env!("CARGO_BIN_EXE_passerelle"))
            .args(arguments)
            .arg("--config")
            .arg(self.folder.path().join("passerelle.toml"))
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        (printed, output.status.success())
    }

    /// A new token of a device.
    pub fn token(&self, device: &str) -> String {
        let (token, fine) = self.ask(&["device", "token", device]);
        assert!(fine, "{token}");
        token.trim().to_owned()
    }

    /// What the service answers to a device.
    pub fn device_posts(&self, token: &str, path: &str, body: &Value) -> Value {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.post(self.url(path)).bearer_auth(token).json(body);
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            answer.json().await.unwrap()
        })
    }

    /// Checks this code now.
    pub fn check(&self, token: &str, code: &str) -> Value {
        let check = json!({
            "id": uuid::Uuid::new_v4(),
            "code": code,
            "scanned_at": SystemClock.now(),
        });
        self.device_posts(token, "/api/v1/checks", &check)
    }
}

/// A time zone where no day ends while a test runs.
fn zone_at_noon() -> String {
    let now = SystemClock.now().to_string();
    let hour: i32 = now[11..13].parse().unwrap();
    // Their signs are the other way round than elsewhere.
    format!("Etc/GMT{:+}", hour - 12)
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}
