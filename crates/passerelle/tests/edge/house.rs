//! The server with its books, and the sandbox as its partner.

use crate::until;
use db::{Db, DbError, DbUrl, params};
use kernel::SystemClock;
use sandbox::{Fault, PassBook, Sandbox, SandboxSettings};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// Short, so that a silent Otipass costs the test little.
const BUDGET_MS: u32 = 300;
/// Longer than that.
const SLOW_MS: u64 = 450;

pub struct House {
    folder: tempfile::TempDir,
    address: SocketAddr,
    process: Child,
    sandbox: Sandbox,
    runtime: tokio::runtime::Runtime,
    pub kills: usize,
}

/// The pass of the visitor with this number.
pub fn pass(visitor: usize) -> String {
    let digits = format!("{:07}", visitor + 1_000_000);
    (0..10)
        .map(|check| format!("{digits}{check}"))
        .find(|number| otipass::luhn_fits(number))
        .unwrap()
}

/// An address that nobody uses at present; processes bind it anew after kills.
/// Not one that the system gives to connections, which would take it meanwhile.
pub fn free_address() -> SocketAddr {
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], fastrand::u16(20_000..32_000)));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

impl House {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/villeneuve");
        for file in ["site.toml", "mapping.json", "catalogue.toml"] {
            std::fs::copy(example.join(file), folder.path().join(file)).unwrap();
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (sandbox, partner) = runtime.block_on(start_sandbox());
        let address = free_address();
        let config = format!(
            "[server]\nlisten = \"{address}\"\n\
             [set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
             mapping = \"mapping.json\"\n\
             [otipass]\nurl = \"http://{partner}/api\"\ndecision_budget_ms = {BUDGET_MS}\n\
             [external_sales]\nevery_s = 1\n"
        );
        std::fs::write(folder.path().join("passerelle.toml"), config).unwrap();
        let process = spawn(folder.path());
        let house = Self {
            folder,
            address,
            process,
            sandbox,
            runtime,
            kills: 0,
        };
        house.until_up();
        house
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn token(&self, device: &str) -> String {
        self.run(&["device", "token", device])
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.kills += 1;
        self.process = spawn(self.folder.path());
        self.until_up();
    }

    fn until_up(&self) {
        until("the server is ready", || self.ready().is_some());
    }

    /// Otipass takes longer than the server waits: it may count all the same.
    pub fn otipass_is_slow(&self) {
        let slow = Fault {
            latency_ms: SLOW_MS,
            ..Fault::default()
        };
        self.sandbox.set_faults(vec![slow]).unwrap();
    }

    pub fn otipass_answers(&self) {
        self.sandbox.set_faults(Vec::new()).unwrap();
    }

    /// Waits until nothing waits in the server.
    pub fn until_settled(&self) {
        until("the server has worked everything off", || {
            let Some(ready) = self.ready() else {
                return false;
            };
            let waiting = ready["waiting"].as_object().unwrap();
            waiting.values().all(|count| *count == 0)
        });
    }

    fn ready(&self) -> Option<Value> {
        let mut connection = TcpStream::connect(self.address).ok()?;
        connection
            .write_all(b"GET /health/ready HTTP/1.0\r\n\r\n")
            .ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    pub fn reconcile(&self) -> Value {
        serde_json::from_str(&self.run(&["reconcile", "--format", "json"])).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_passerelle"))
            .args(arguments)
            .arg("--config")
            .arg(self.folder.path().join("passerelle.toml"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.stdout.is_empty(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// For each pass with an accepted check: how many control barcodes,
    /// tickets, orders and account lines there are.
    pub fn books_by_pass(&self) -> BTreeMap<String, [i64; 4]> {
        let path = self.folder.path().join("passerelle.db");
        let url: DbUrl = format!("sqlite:{}", path.display()).parse().unwrap();
        self.runtime.block_on(async {
            let db = Db::open(&url).await.unwrap();
            db.read("books by pass", |tx| {
                let rows = tx.query(
                    "SELECT c.card, COUNT(b.barcode) AS barcodes, COUNT(t.id) AS tickets,
                            COUNT(DISTINCT t.order_id) AS orders, COUNT(a.id) AS account_lines
                     FROM gate_check c
                     LEFT JOIN gate_control_barcode b ON b.check_id = c.check_id
                     LEFT JOIN box_ticket t ON t.barcode = b.barcode
                     LEFT JOIN box_account_line a ON a.ticket_id = t.id
                     WHERE c.admitted = 1 GROUP BY c.card",
                    params![],
                )?;
                let mut books = BTreeMap::new();
                for row in rows {
                    let counts = [
                        row.get("barcodes")?,
                        row.get("tickets")?,
                        row.get("orders")?,
                        row.get("account_lines")?,
                    ];
                    books.insert(row.get::<String>("card")?, counts);
                }
                Ok::<_, DbError>(books)
            })
            .await
            .unwrap()
        })
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            for log in ["serve.log", "PDA01/edge.log", "PDA02/edge.log"] {
                let text = std::fs::read_to_string(self.folder.path().join(log));
                let text = text.unwrap_or_default();
                let last: Vec<&str> = text.lines().rev().take(15).collect();
                eprintln!("--- {log}, latest first\n{}", last.join("\n"));
            }
        }
    }
}

fn spawn(folder: &Path) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("serve.log"))
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_passerelle"))
        .args(["serve", "--config"])
        .arg(folder.join("passerelle.toml"))
        .env("PASSERELLE_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Every tenth visitor's pass is blocked.
async fn start_sandbox() -> (Sandbox, SocketAddr) {
    let mut passes = "number;status;duration_days;valid_until;services\n".to_owned();
    for visitor in 0..crate::VISITORS {
        let status = if visitor % 10 == 9 {
            "invalid"
        } else {
            "active"
        };
        writeln!(
            passes,
            "{};{status};7;2099-12-31;PCUMID000FSA5CD6:1",
            pass(visitor)
        )
        .unwrap();
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
    tokio::spawn(sandbox::serve(
        listener,
        sandbox.clone(),
        std::future::pending(),
    ));
    (sandbox, address)
}
