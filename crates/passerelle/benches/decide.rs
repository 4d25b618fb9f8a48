//! Checks a second and their latency, as ratios to a bare server and to the same
//! service without durability. `cargo xtask bench decide`
//!
//! Service, sandbox and bare server are processes of their own; the clients are
//! in this one. (a) Batches from journals, without partner: the bare server only
//! parses and answers. (b) Online checks with the sandbox at 0 ms: the bare
//! server parses, forwards to the sandbox and answers.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use kernel::Timestamp;
use serde_json::{Value, json};
use stage::{Process, Program, SET_UP, card};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

const BIN: &str = env!("CARGO_BIN_EXE_passerelle");
/// Beside the build, not in /tmp, which may be memory.
const DISK: &str = env!("CARGO_TARGET_TMPDIR");
/// Where a commit waits for no disk.
const MEMORY: &str = "/dev/shm";
const RUN: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_secs(1);
const CLIENTS: [usize; 2] = [1, 32];
const BATCH: usize = 100;
/// The default decision budget, which the service runs with.
const BUDGET_MS: u128 = 1_500;
const DAY: &str = "2026-07-14T00:00:00Z";

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("bare-server") {
        return bare_server(arguments.next().unwrap()).await;
    }
    println!(
        "Each for {} s after {} s of warm-up.",
        RUN.as_secs(),
        WARM_UP.as_secs()
    );
    let sandbox = Listening::sandbox();
    let bare = Listening::bare(&sandbox);
    for kind in [Kind::Batch, Kind::Online] {
        let partner = match kind {
            // Nobody listens there: declarations wait, as in a cut line.
            Kind::Batch => "127.0.0.1:9",
            Kind::Online => &sandbox.address,
        };
        let full = Service::start(partner, DISK);
        let relaxed = Service::start(partner, MEMORY);
        let targets = [
            ("bare server", &bare.address, "none"),
            ("passerelle", &full.address(), full.token.as_str()),
            (
                "passerelle, not durable",
                &relaxed.address(),
                relaxed.token.as_str(),
            ),
        ];
        println!("\n{}", kind.title());
        println!("clients  server                   checks/s  p50 µs  p99 µs  of bare");
        for clients in CLIENTS {
            let mut first = None;
            for (name, address, token) in targets {
                let result = measure(kind, clients, address, token).await;
                let bare = *first.get_or_insert(result.per_second);
                let percent = result.per_second * 100 / bare.max(1);
                println!(
                    "{clients:7}  {name:23}  {:8}  {:6}  {:6}  {percent:5} %",
                    result.per_second, result.p50_us, result.p99_us
                );
            }
        }
    }
    silent_partner(&sandbox).await;
}

/// (c) The line to Otipass falls silent between two visitors.
async fn silent_partner(sandbox: &Listening) {
    let service = Service::start(&sandbox.address, DISK);
    let http = stage::client();
    let answered = http
        .put(format!("http://{}/sandbox/faults", sandbox.address))
        .json(&json!([{ "failure": "silence" }]))
        .send()
        .await
        .unwrap();
    assert!(answered.status().is_success(), "{answered:?}");
    println!("\n(c) online checks, the sandbox is silent, decision budget {BUDGET_MS} ms");
    let url = service.program.url("/api/v1/checks");
    let start = Instant::now();
    let answer = http
        .post(&url)
        .bearer_auth(&service.token)
        .json(&check(0))
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["outcome"], "accepted_unverified", "{answer}");
    println!("the first visitor waits {} ms", start.elapsed().as_millis());
    println!("clients  checks/s  p50 µs  p99 µs  longest ms  within budget + 50 ms");
    for clients in CLIENTS {
        let result = measure(Kind::Online, clients, &service.address(), &service.token).await;
        let limit_us = (BUDGET_MS + 50) * 1_000;
        println!(
            "{clients:7}  {:8}  {:6}  {:6}  {:10}  {}",
            result.per_second,
            result.p50_us,
            result.p99_us,
            result.longest_us / 1_000,
            if result.longest_us <= limit_us {
                "all"
            } else {
                "NOT all"
            },
        );
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Batch,
    Online,
}

impl Kind {
    const fn title(self) -> &'static str {
        match self {
            Kind::Batch => {
                "(a) journal batches of 100 checks, without partner (latency of a batch)"
            }
            Kind::Online => "(b) online checks, the sandbox answers at once",
        }
    }
}

struct Measured {
    per_second: u64,
    p50_us: u128,
    p99_us: u128,
    longest_us: u128,
}

async fn measure(kind: Kind, clients: usize, address: &str, token: &str) -> Measured {
    let counting = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + WARM_UP + RUN;
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (counting, done) = (Arc::clone(&counting), Arc::clone(&done));
            let (path, checks) = match kind {
                Kind::Batch => ("checks/batch", BATCH as u64),
                Kind::Online => ("checks", 1),
            };
            let url = format!("http://{address}/api/v1/{path}");
            let token = token.to_owned();
            tokio::spawn(async move {
                // A connection for each client, as devices have.
                let http = stage::client();
                let mut times = Vec::new();
                while Instant::now() < end {
                    let body = match kind {
                        Kind::Batch => json!({
                            "checks": (0..BATCH).map(|n| check(client * 7 + n)).collect::<Vec<_>>()
                        }),
                        Kind::Online => check(client),
                    };
                    let start = Instant::now();
                    let answer = http
                        .post(&url)
                        .bearer_auth(&token)
                        .json(&body)
                        .send()
                        .await
                        .unwrap();
                    assert_eq!(answer.status(), 200);
                    let answer: Value = answer.json().await.unwrap();
                    assert!(
                        answer["admitted"] == true || answer["results"].is_array(),
                        "{answer}"
                    );
                    if counting.load(Ordering::Relaxed) {
                        times.push(start.elapsed().as_micros());
                        done.fetch_add(checks, Ordering::Relaxed);
                    }
                }
                times
            })
        })
        .collect();
    tokio::time::sleep(WARM_UP).await;
    counting.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    times.sort_unstable();
    Measured {
        per_second: done.load(Ordering::Relaxed) / RUN.as_secs(),
        p50_us: times[times.len() / 2],
        p99_us: times[times.len() * 99 / 100],
        longest_us: times[times.len() - 1],
    }
}

/// A scan of its own moment: at a real gate no card is read twice at once.
fn check(number: usize) -> Value {
    static LATER_MS: AtomicI64 = AtomicI64::new(0);
    let begin: Timestamp = DAY.parse().unwrap();
    json!({
        "id": Uuid::new_v4(),
        "code": card(number % 1_000),
        "scanned_at": begin.plus_ms(LATER_MS.fetch_add(1, Ordering::Relaxed)),
    })
}

/// A child process, and where it says that it listens.
struct Listening {
    _process: Process,
    address: String,
}

impl Listening {
    fn start(command: &mut Command) -> Self {
        let process = Process::start(command.stderr(Stdio::null()));
        Self {
            address: process.address(),
            _process: process,
        }
    }

    fn sandbox() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passes = folder.path().join("passes.csv");
        let mut text = "number;status;duration_days;valid_until;services\n".to_owned();
        for number in 0..1_000 {
            text += &format!("{};active;7;2026-07-20;PCUMID000FSA5CD6:*\n", card(number));
        }
        std::fs::write(&passes, text).unwrap();
        let mut command = Command::new(BIN);
        command.env("PASSERELLE_LOG", "error");
        command.arg("sandbox").arg("--passes").arg(&passes);
        Self::start(command.args(["--listen", "127.0.0.1:0"]))
    }

    fn bare(sandbox: &Listening) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        Self::start(command.arg("bare-server").arg(&sandbox.address))
    }
}

struct Service {
    program: Program,
    token: String,
    _folder: tempfile::TempDir,
}

impl Service {
    fn start(partner: &str, beside: &str) -> Self {
        let folder = tempfile::tempdir_in(beside).unwrap();
        let set_up = SET_UP.replace("OTIPASS", &format!("http://{partner}/api"));
        let configuration = format!("{set_up}username = \"bench\"\n");
        let mut program = Program::at(BIN, folder.path(), "", &configuration);
        let mut command = program.command(&["serve"]);
        command.env("PASSERELLE_LOG", "error").stderr(Stdio::null());
        program.start_as(&mut command);
        Self {
            token: program.token("PDA01"),
            program,
            _folder: folder,
        }
    }

    fn address(&self) -> String {
        self.program.address.to_string()
    }
}

#[derive(Clone)]
struct Bare {
    http: reqwest::Client,
    sandbox: Arc<String>,
}

/// Parses, forwards where it must, answers; recognises, remembers and sells
/// nothing.
async fn bare_server(sandbox: String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let bare = Bare {
        http: stage::client(),
        sandbox: Arc::new(format!("http://{sandbox}/api/villeneuve/v1/validation")),
    };
    let router = Router::new()
        .route("/api/v1/checks", post(bare_check))
        .route("/api/v1/checks/batch", post(bare_batch))
        .with_state(bare);
    axum::serve(listener, router).await.unwrap();
}

async fn bare_check(State(bare): State<Bare>, Json(check): Json<Value>) -> Json<Value> {
    let form = [
        ("numotipass", check["code"].as_str().unwrap()),
        ("type", "numotipass"),
        ("service", "PCUMID000FSA5CD6"),
        ("space", "PROVIDER#PCUMID000FSA5CD6"),
        ("time", check["scanned_at"].as_str().unwrap()),
        ("reference", check["id"].as_str().unwrap()),
    ];
    let answer = bare
        .http
        .post(&*bare.sandbox)
        .form(&form)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    Json(json!({ "id": check["id"], "admitted": answer["code"] == "A0", "answer": answer }))
}

async fn bare_batch(Json(batch): Json<Value>) -> Json<Value> {
    let results: Vec<_> = batch["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| json!({ "status": "kept", "id": check["id"], "admitted": true }))
        .collect();
    Json(json!({ "results": results }))
}
