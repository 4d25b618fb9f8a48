//! A museum: `passerelle serve` as a process that can be stopped, and a sandbox
//! in place of Otipass.

use browser::Tab;
use kernel::SystemClock;
use sandbox::{PassBook, Sandbox, SandboxSettings};
use serde_json::Value;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A pass with entries without end.
pub const GOOD: &str = "00029975";
/// A pass with one entry.
pub const ONCE: &str = "12345674";
/// A pass that is blocked.
pub const BLOCKED: &str = "87638409";

const SITE: &str = r#"
institution = "VILLEN"
organisation = "VILLEN"
name = "Musées de Villeneuve"
timezone = "Europe/Paris"
currency = "EUR"

[[sector]]
code = "VN_AUG"
name = "Musée des Augustins"

[[sector]]
code = "VN_EXP"
name = "Exposition"

[[door]]
code = "VN_AUG_D1"
sectors = ["VN_AUG"]

[[door]]
code = "VN_EXP_D1"
sectors = ["VN_EXP"]

[[device]]
code = "PDA01"
door = "VN_AUG_D1"
forced_entry = true
switch_direction = true

[[device]]
code = "PDA02"
door = "VN_AUG_D1"
help_desk = false

[[device]]
code = "PDA13"
door = "VN_EXP_D1"
"#;

/// The museum.
pub struct House {
    folder: tempfile::TempDir,
    process: Option<Child>,
    /// Where the service listens, also after it was started again.
    address: String,
    pub sandbox: Sandbox,
    runtime: Runtime,
}

impl House {
    /// Opens it, with passes that the sandbox knows besides the usual three.
    pub fn open(more_passes: &[String]) -> Self {
        Self::configured(more_passes, "")
    }

    /// The same, with more in the configuration.
    pub fn configured(more_passes: &[String], configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let mut passes = "number;status;duration_days;valid_until;services\n".to_owned();
        for (number, status, entries) in [
            (GOOD, "active", "*"),
            (ONCE, "active", "1"),
            (BLOCKED, "invalid", "*"),
        ] {
            writeln!(
                passes,
                "{number};{status};7;2099-12-31;PCUMID000FSA5CD6:{entries}"
            )
            .unwrap();
        }
        for number in more_passes {
            writeln!(passes, "{number};active;7;2099-12-31;PCUMID000FSA5CD6:*").unwrap();
        }
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
        let otipass = listener.local_addr().unwrap();
        runtime.spawn(sandbox::serve(
            listener,
            sandbox.clone(),
            std::future::pending(),
        ));
        let example =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/villeneuve");
        for file in ["mapping.json", "catalogue.toml"] {
            std::fs::copy(example.join(file), folder.path().join(file)).unwrap();
        }
        std::fs::write(folder.path().join("site.toml"), SITE).unwrap();
        std::fs::write(folder.path().join("operator.password"), "correct horse\n").unwrap();
        let mut house = Self {
            folder,
            process: None,
            address: "127.0.0.1:0".to_owned(),
            sandbox,
            runtime,
        };
        let configuration = format!(
            "[set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\nmapping = \"mapping.json\"\n[otipass]\nurl = \"http://{otipass}/api\"\n{configuration}"
        );
        house.configure(&configuration);
        house.start();
        // From now on it listens at the same address.
        house.configure(&configuration);
        house
    }

    fn configure(&self, configuration: &str) {
        let text = format!("[server]\nlisten = \"{}\"\n{configuration}\n", self.address);
        std::fs::write(self.folder.path().join("passerelle.toml"), text).unwrap();
    }

    fn passerelle(&self) -> Command {
        Command::new(env!("CARGO_BIN_EXE_passerelle"))
    }

    /// Starts the service, at the address it had before.
    pub fn start(&mut self) {
        let mut process = self
            .passerelle()
            .args(["serve", "--config"])
            .arg(self.folder.path().join("passerelle.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = process.stdout.take().unwrap();
        let first = BufReader::new(output).lines().next().unwrap().unwrap();
        self.address = first.rsplit_once("http://").unwrap().1.to_owned();
        self.process = Some(process);
    }

    /// Ends the service at once, as a power cut would.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// What a command of the program prints.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self
            .passerelle()
            .args(arguments)
            .arg("--config")
            .arg(self.folder.path().join("passerelle.toml"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The address of the scanner page. Browsers trust this name without TLS.
    pub fn scan(&self) -> String {
        let (_, port) = self.address.rsplit_once(':').unwrap();
        format!("http://localhost:{port}/scan")
    }

    /// The version of the page.
    pub fn version(&self) -> String {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let page = self.runtime.block_on(async {
            let page = http.get(self.scan()).send().await.unwrap();
            page.text().await.unwrap()
        });
        let (_, rest) = page.split_once("data-version=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Serves something else beside, as long as the house is open.
    pub fn serve(&self, router: axum::Router) -> std::net::SocketAddr {
        let listener = self
            .runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        self.runtime
            .spawn(axum::serve(listener, router).into_future());
        address
    }

    /// A fresh enrolment code.
    pub fn enrolment_code(&self, device: &str) -> String {
        self.ask(&["device", "enrol", device]).trim().to_owned()
    }

    /// Opens the page by an enrolment link, and waits until it is ready.
    pub fn enrol(&self, tab: &Tab<'_>, device: &str) {
        tab.open(&format!(
            "{}#enrol={}",
            self.scan(),
            self.enrolment_code(device)
        ));
        tab.until_text("#where-device", device);
        tab.until_text("#line", "Online");
        tab.until("navigator.serviceWorker.controller !== null");
    }

    /// The attendance report.
    pub fn attendance(&self) -> Value {
        let report = self.ask(&["report", "attendance", "--format", "json"]);
        serde_json::from_str(&report).unwrap()
    }

    /// How many differences the reconciliation cannot explain.
    pub fn unexplained(&self) -> Value {
        let report = self.ask(&["reconcile", "--format", "json"]);
        let report: Value = serde_json::from_str(&report).unwrap();
        report["unexplained"].clone()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the page keeps under a name.
pub fn stored(tab: &Tab<'_>, name: &str) -> Value {
    tab.run(&format!(
        "new Promise((done) => {{
            indexedDB.open('passerelle-scan').onsuccess = ({{target: {{result}}}}) => {{
                const meta = result.transaction('meta').objectStore('meta');
                meta.get('{name}').onsuccess = ({{target}}) => {{
                    result.close();
                    done(target.result ?? null);
                }};
            }};
        }})"
    ))
}

/// A pass number with its check digit.
pub fn pass(serial: u32) -> String {
    let stem = format!("{:07}", 1_000_000 + serial);
    (0..10)
        .map(|digit| format!("{stem}{digit}"))
        .find(|number| otipass::luhn_fits(number))
        .unwrap()
}
