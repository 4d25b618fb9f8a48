//! From one database to the other engine's and back, while visitors come.

use super::{BIN, id};
use kernel::{Clock, SystemClock};
use serde_json::{Value, json};
use stage::{Program, SET_UP, SOLD_SOON, card, client, eventually, pass};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// More than can come in that time.
const PASSES: usize = 30_000;
/// How many visitors there are at a time.
const AT_A_TIME: usize = 3;

/// Between two tries of one visitor.
const AGAIN: Duration = Duration::from_millis(20);

/// Visitors who come one after the other until they are stopped; each asks until it is
/// answered.
struct Visitors {
    next: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
    lines: Vec<tokio::task::JoinHandle<usize>>,
}

impl Visitors {
    fn at(program: &Program) -> Self {
        let (next, enough) = (Arc::default(), Arc::default());
        let token = program.token("PDA01");
        let lines = (0..AT_A_TIME).map(|_| {
            let (next, enough) = (Arc::clone(&next), Arc::clone(&enough));
            let (http, url, token) = (client(), program.url("/api/v1/checks"), token.clone());
            tokio::spawn(async move { come(&http, &url, &token, &next, &enough).await })
        });
        let lines = lines.collect();
        Self {
            next,
            enough,
            lines,
        }
    }

    /// Until so many more have begun.
    async fn more(&self, count: usize) {
        let due = self.next.load(Ordering::Relaxed) + count;
        let come = async || self.next.load(Ordering::Relaxed) >= due;
        eventually("visitors come", come).await;
    }

    /// How many were let in.
    async fn end(self) -> usize {
        self.enough.store(true, Ordering::Relaxed);
        let mut all = 0;
        for line in self.lines {
            all += line.await.unwrap();
        }
        all
    }
}

async fn come(
    http: &reqwest::Client,
    url: &str,
    token: &str,
    next: &AtomicUsize,
    enough: &AtomicBool,
) -> usize {
    let mut admitted = 0;
    while !enough.load(Ordering::Relaxed) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let now = SystemClock.now();
        let check =
            json!({"id": id(u32::try_from(n).unwrap()), "code": card(n), "scanned_at": now});
        let mut again = tokio::time::interval(AGAIN);
        loop {
            again.tick().await;
            let sent = http.post(url).bearer_auth(token).json(&check).send();
            let Ok(answer) = sent.await else { continue };
            let status = answer.status().as_u16();
            assert!(matches!(status, 200 | 503), "HTTP {status}");
            let Ok(answer) = answer.json::<Value>().await else {
                continue;
            };
            if status == 200 {
                assert_eq!(answer["admitted"], true, "{answer}");
                break;
            }
        }
        admitted += 1;
    }
    admitted
}

/// What the doctor says of a database.
fn diagnosed(program: &Program, url: &str) -> String {
    let mut doctor = program.command(&["doctor", "--json"]);
    let said = doctor.env("PASSERELLE_DATABASE__URL", url).output();
    String::from_utf8(said.unwrap().stdout).unwrap()
}

/// Moves the database of a service that is at work, and has the service go on there.
async fn moved(program: &mut Program, visitors: &Visitors, from: &str, to: &str) {
    visitors.more(50).await;
    let mut command = program.command(&["move", "--from", from, "--to", to]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = tokio::task::block_in_place(|| {
        lines.find(|line| line.as_ref().unwrap().starts_with("Now stop the service"))
    });
    assert!(said.is_some(), "it waits for the service to stop");
    assert!(diagnosed(program, to).contains("\"database_being_filled\""));
    visitors.more(50).await;
    program.stop();
    let rest: Vec<_> = tokio::task::block_in_place(|| lines.map(Result::unwrap).collect());
    assert!(child.wait().unwrap().success(), "{rest:?}");
    assert!(
        rest.iter()
            .any(|line| line.contains("Both databases are the same")),
        "{rest:?}"
    );
    // Whoever starts on the former one by mistake hears where everything is.
    let mut former = program.command(&["reconcile"]);
    let former = former
        .env("PASSERELLE_DATABASE__URL", from)
        .output()
        .unwrap();
    assert_eq!(former.status.code(), Some(2));
    let why = String::from_utf8(former.stderr).unwrap();
    assert!(why.contains("this database was left for"), "{why}");
    assert!(diagnosed(program, from).contains("\"database_left\""));
    program.replace(
        "passerelle.toml",
        &format!("url = {from:?}"),
        &format!("url = {to:?}"),
    );
    tokio::task::block_in_place(|| program.start());
    visitors.more(50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_moves_to_the_other_engine_and_back_while_visitors_come() {
    let server = db::testing::postgres().await;
    let db::DbUrl::Postgres(server) = &server.url else {
        panic!("it is PostgreSQL");
    };
    let passes: String = (0..PASSES).map(|n| pass(&card(n), "active", "1")).collect();
    let folder = tempfile::TempDir::new().unwrap();
    let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let (first, last) = (file("first.db"), file("last.db"));
    let configuration = format!("[database]\nurl = {first:?}\n{SET_UP}{SOLD_SOON}");
    let mut program = Program::at_work(BIN, &passes, &configuration);
    let visitors = Visitors::at(&program);
    moved(&mut program, &visitors, &first, server).await;
    moved(&mut program, &visitors, server, &last).await;
    let admitted = visitors.end().await;
    program.settle().await;
    let books = program.json(&["reconcile"]);
    assert_eq!(books["unexplained"], 0, "{books}");
    assert_eq!(books["accepted_checks"], admitted, "{books}");
    assert_eq!(books["tickets"], admitted, "{books}");
}

#[test]
fn what_cannot_be_moved_is_told() {
    let program = Program::new(BIN, "", SET_UP);
    let path = |name: &str| format!("sqlite:{}", program.path(name).display());
    let (nowhere, target) = (path("nowhere.db"), path("target.db"));
    let refused = |from: &str, to: &str| program.refused(&["move", "--from", from, "--to", to]);
    let why = refused(&nowhere, &target);
    assert!(why.contains("there is no database at sqlite:"), "{why}");
    assert!(!program.path("target.db").exists(), "nothing came of it");
    program.fine(&["apply"]);
    let own = path("passerelle.db");
    let why = refused(&own, &own);
    assert!(why.contains("there are rows in"), "{why}");
    let why = refused(&own, "sqlite::memory:");
    assert!(why.contains("in memory"), "{why}");
    program.fine(&["reconcile"]);
}
