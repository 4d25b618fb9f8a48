//! Hours of mixed load with faults, and what the service takes meanwhile:
//! `cargo xtask soak --hours N`, or `--minutes N`; `--to DIR` for what comes of it,
//! `--program FILE` for another than the one that is built with this.
//!
//! Fifty visitors a second come to ten devices, beside a stand-in Otipass in this
//! process and the service's own box office. Every minute one thing goes wrong for
//! thirty seconds, in turns of ten minutes; in the last ten the service itself is killed
//! and restarted, so that it lives for long enough before to show what it gathers.
//! At each minute stand memory, descriptors, files, latency and the reconciliation, as
//! `soak.csv` and `soak.svg`. In the end every visitor at a door must stand in the books.
//!
//! The full disk is a limit on the size of files: for a real one somebody would have
//! to mount it.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod figures;
mod fleet;

use figures::{Figures, Row};
use fleet::Fleet;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use sandbox::Failure;
use serde_json::Value;
use stage::{Program, SET_UP, card};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

const BIN: &str = env!("CARGO_BIN_EXE_passerelle");
/// Cards that visitors hold, and one of them in twenty has no entry left.
const CARDS: usize = 3_000;
const SERVICES: [&str; 5] = ["A5CD6", "4D3C1", "CA264", "18B8F", "25165"];

/// What goes wrong, minute by minute.
const TURN: [&str; 10] = [
    "calm",
    "partner slow",
    "partner silent",
    "answers lost",
    "partner's 503",
    "devices cut off",
    "disk full",
    "backup",
    KILLS,
    RESTART,
];
const KILLS: &str = "kills";
const RESTART: &str = "restart";

/// From when to when in its minute.
const FAULT_BEGINS: Duration = Duration::from_secs(10);
const FAULT_ENDS: Duration = Duration::from_secs(40);
const MINUTE: Duration = Duration::from_secs(60);
/// Longer than some pauses after failed attempts, one after the other.
const SETTLING: Duration = Duration::from_secs(1_200);

/// The fault of a minute.
fn fault(minute: usize, minutes: usize) -> &'static str {
    match TURN[minute % TURN.len()] {
        KILLS | RESTART if minute + TURN.len() < minutes => "calm",
        fault => fault,
    }
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1).cloned()
    };
    let number = |name: &str| option(name).map(|word| word.parse::<usize>().unwrap());
    let minutes = number("--hours").map(|hours| hours * 60);
    let minutes = minutes.or_else(|| number("--minutes")).unwrap_or(60);
    let to = option("--to").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&to).unwrap();
    let binary: &'static str = option("--program").map_or(BIN, |program| program.leak());

    // Beside the build, not in /tmp, which may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let configuration = format!("{SET_UP}[external_sales]\nevery_s = 10\n");
    let mut program = Program::at(binary, folder.path(), &passes(), &configuration);
    start(&mut program);
    let fleet = Arc::new(Fleet::of(&program));
    let working = fleet::work(&fleet);

    let mut figures = Figures::new(&to);
    let mut minute_begins = Instant::now();
    for minute in 0..minutes {
        let fault = fault(minute, minutes);
        sleep_until(minute_begins + FAULT_BEGINS).await;
        let backup = begin(fault, &mut program, &fleet).await;
        sleep_until(minute_begins + FAULT_ENDS).await;
        end(&mut program, &fleet);
        if let Some(backup) = backup {
            assert!(backup.await.unwrap().status.success(), "a backup");
        }
        let begun = Instant::now();
        let books = report(&program, &["reconcile"]).await;
        let reconciled = begun.elapsed();
        sleep_until(minute_begins + MINUTE).await;
        minute_begins = Instant::now();
        let minute = fleet.minute();
        figures.add(Row::of(fault, &minute, &mut program, &books, reconciled));
    }
    fleet.close();
    working.await.unwrap();
    settle(&program).await;

    let door = fleet.door();
    let books = report(&program, &["reconcile"]).await;
    let attendance = report(&program, &["report", "attendance"]).await;
    println!("\n{}", figures.growth(&[KILLS, RESTART]));
    println!("At the doors: {door:?}");
    let (checks, admitted) = (&attendance["checks"], &attendance["admitted"]);
    let (cancelled, unexplained) = (&attendance["cancelled"], &books["unexplained"]);
    println!(
        "In the books: {checks} checks, {admitted} admitted and {cancelled} taken back; {unexplained} unexplained"
    );
    println!("{} has the table and the picture.", to.display());
    assert_eq!(*checks, door.scans, "every scan is in the books, once");
    assert_eq!(*cancelled, door.taken_back, "and all that was taken back");
    assert_eq!(*admitted, door.let_in - door.taken_back, "and no other");
    assert_eq!(*unexplained, 0, "{books}");
    assert_eq!((door.aside, door.contradicted), (0, 0));
    program.stop();
}

/// Waits until nothing waits but for cures.
async fn settle(program: &Program) {
    let begun = Instant::now();
    loop {
        let ready = program.get("/health/ready").await.json();
        let mut waiting = ready["waiting"].as_object().unwrap().iter();
        if waiting.all(|(queue, count)| queue == "staged_held" || *count == 0) {
            return;
        }
        assert!(begun.elapsed() < SETTLING, "it never settles: {ready}");
        sleep(Duration::from_secs(1)).await;
    }
}

fn passes() -> String {
    let services = |entries: &str| {
        let of = |service| format!("PCUMID000FS{service}:{entries}");
        SERVICES.map(of).join(",")
    };
    let row = |number| {
        let entries = if number % 20 == 0 { "0" } else { "*" };
        format!(
            "{};active;7;2099-12-31;{}\n",
            card(number),
            services(entries)
        )
    };
    (0..CARDS).map(row).collect()
}

/// Starts the service so that a file that may not grow is an error to it, and not
/// its end, as a full disk is.
fn start(program: &mut Program) {
    let serve = program.command(&["serve"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' 25; exec \"$0\" \"$@\" 2>> service.log"]);
    shell.current_dir(&program.folder);
    shell.arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    program.start_as(shell.env("PASSERELLE_LOG", "warn"));
}

/// How large files of the service may become.
fn limit_files(program: &mut Program, current: Option<u64>) {
    let id = i32::try_from(program.service().child.id()).unwrap();
    let maximum = None;
    prlimit(
        Pid::from_raw(id),
        Resource::Fsize,
        Rlimit { current, maximum },
    )
    .unwrap();
}

async fn begin(fault: &str, program: &mut Program, fleet: &Fleet) -> Option<JoinHandle<Output>> {
    match fault {
        "partner slow" => program.otipass.delay(400),
        "partner silent" => program.otipass.fail(Failure::Silence, None),
        "answers lost" => program.otipass.fail(Failure::AnswerLost, None),
        "partner's 503" => program.otipass.fail(Failure::Status(503), None),
        "devices cut off" => fleet.cut_off(true),
        "disk full" => limit_files(program, Some(0)),
        "backup" => {
            let copy = program.path("copy.db");
            let _ = std::fs::remove_file(&copy);
            let _ = std::fs::remove_file(program.path("copy.db.json"));
            return Some(command(
                program,
                &["backup", "--to", copy.to_str().unwrap()],
            ));
        }
        KILLS => {
            for _ in 0..3 {
                program.kill();
                start(program);
                sleep(Duration::from_millis(fastrand::u64(1_000..9_000))).await;
            }
        }
        RESTART => {
            program.stop();
            start(program);
        }
        _ => {}
    }
    None
}

fn end(program: &mut Program, fleet: &Fleet) {
    program.otipass.sandbox.set_faults(Vec::new()).unwrap();
    fleet.cut_off(false);
    limit_files(program, None);
}

fn command(program: &Program, arguments: &[&str]) -> JoinHandle<Output> {
    let mut command = program.command(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap())
}

/// What a command says about the books while the service works.
async fn report(program: &Program, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    let output = command(program, &arguments).await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}
