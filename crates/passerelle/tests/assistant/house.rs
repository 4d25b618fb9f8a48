//! `passerelle serve` as a process with nothing set up, and a sandbox in place of
//! Otipass.

use browser::Tab;
use kernel::SystemClock;
use sandbox::{PassBook, Sandbox, SandboxSettings};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A pass with entries without end, for the service of the example's Augustins.
pub const GOOD: &str = "00029975";
/// Good enough for the first account.
const PASSWORD: &str = "a museum by the river";

/// An empty museum.
pub struct House {
    process: Child,
    pub url: String,
    /// What makes the first account.
    secret: String,
    /// Where Otipass's stand-in is, up to and with `/api`.
    pub otipass: String,
    _folder: tempfile::TempDir,
    _runtime: Runtime,
}

impl House {
    pub fn open() -> Self {
        let runtime = Runtime::new().unwrap();
        let passes = format!(
            "number;status;duration_days;valid_until;services\n\
             {GOOD};active;7;2099-12-31;PCUMID000FSA5CD6:*\n"
        );
        let sandbox = Sandbox::new(
            PassBook::from_csv(passes.as_bytes()).unwrap(),
            SandboxSettings {
                project_id: "villeneuve".to_owned(),
                zone: "Europe/Paris".parse().unwrap(),
                contract: otipass::Contract::default(),
                credentials: None,
                clock: Arc::new(SystemClock),
                service_names: BTreeMap::new(),
            },
        );
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let otipass = format!("http://{}/api", listener.local_addr().unwrap());
        runtime.spawn(sandbox::serve(listener, sandbox, std::future::pending()));

        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("passerelle.toml");
        // Sales are made when the assistant asks, not by the clock.
        let text = "[server]\nlisten = \"127.0.0.1:0\"\n[external_sales]\nevery_s = 0\n";
        std::fs::write(&configuration, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_passerelle"))
            .args(["serve", "--config"])
            .arg(&configuration)
            .env("PASSERELLE_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        let url = next().replace("Passerelle serves on ", "");
        while !next().starts_with("with this secret") {}
        next();
        let secret = next().trim().to_owned();
        // Whatever else it says is read, or the pipe would fill.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            url,
            secret,
            otipass,
            _folder: folder,
            _runtime: runtime,
        }
    }

    /// Makes the first account, and is led to the set-up.
    pub fn begin(&self, tab: &Tab<'_>) {
        tab.open(&format!("{}/office/", self.url));
        assert_eq!(tab.path(), "/office/welcome");
        tab.fill("secret", &self.secret);
        tab.fill("name", "Camille Martin");
        tab.fill("login", "camille");
        tab.fill("password", PASSWORD);
        tab.fill("again", PASSWORD);
        tab.picture("office-welcome");
        tab.submit("Create the account");
        assert_eq!(tab.path(), "/office/set-up");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Nothing of it is needed any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
