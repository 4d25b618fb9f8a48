//! How long a turnstile takes to decide without network, the durable write of
//! its journal included, next to what the disk takes for the same; and how much
//! memory it needs. `cargo xtask bench edge`

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use edge::agent::{Delivered, Lane, Wish};
use edge::{Door, DoorSettings, Errand, Event, Moment};
use kernel::{Clock, SystemClock};
use serde_json::json;
use stage::{Process, card, free_address};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One round is so many scans each; rounds of disk, door and process take turns,
/// so that all see the same disk.
const ROUND: usize = 1_000;
const ROUNDS: usize = 10;
/// What a decision takes in the journal.
const RECORD_BYTES: usize = 256;

fn main() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let mut disk = Disk::new(folder.path());
    let mut own = OwnDoor::new(&folder.path().join("door"));
    let mut process = Turnstile::start(&folder.path().join("process"));
    let before = process.memory();
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for _ in 0..ROUND {
            times[0].push(disk.sync());
        }
        for _ in 0..ROUND {
            times[1].push(own.scan());
        }
        for _ in 0..ROUND {
            times[2].push(process.scan());
        }
    }
    println!(
        "{} of each, in turns of {ROUND}; µs\n\n                                        p50     p99  longest",
        ROUND * ROUNDS
    );
    for (name, times) in [
        "write 256 bytes and fdatasync       ",
        "decision, in this process           ",
        "decision, over the TCP line protocol",
    ]
    .into_iter()
    .zip(&mut times)
    {
        times.sort_unstable();
        let at = |per_mille: usize| times[times.len() * per_mille / 1000].as_micros();
        let longest = times.last().unwrap().as_micros();
        println!("{name} {:6}  {:6}  {longest:7}", at(500), at(990));
    }
    let after = process.memory();
    println!(
        "\nmemory of the process: {} KiB at the start, {} KiB after {} scans, {} KiB at most",
        before.resident,
        after.resident,
        ROUND * ROUNDS,
        after.most
    );
}

/// The disk alone, as the journal uses it.
struct Disk {
    file: File,
    offset: u64,
}

impl Disk {
    fn new(folder: &Path) -> Self {
        let file = File::create(folder.join("raw")).unwrap();
        let room = RECORD_BYTES * ROUND * ROUNDS;
        file.write_all_at(&vec![0; room], 0).unwrap();
        file.sync_all().unwrap();
        Self { file, offset: 0 }
    }

    fn sync(&mut self) -> Duration {
        let start = Instant::now();
        self.file
            .write_all_at(&[b'x'; RECORD_BYTES], self.offset)
            .unwrap();
        self.file.sync_data().unwrap();
        self.offset += RECORD_BYTES as u64;
        start.elapsed()
    }
}

/// A door that knows its server, and whose line is down.
fn prepare(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let state = json!({
        "snapshot": {
            "device": "TURN01", "door": "VN_AUG_D1", "sector": "VN_AUG", "mapped": true,
            "site": "Musées de Villeneuve", "timezone": "Europe/Paris", "language": "fr",
            "detection": {"project_id": "villeneuve", "format": {
                "num_type": "number", "letters": {"min": 0, "max": 0},
                "digits": {"min": 8, "max": 8}, "checksum": "luhn"}},
            "offline_policy": "detection_only", "decision_budget_ms": 1500,
            "cancel_within_s": 900, "settings": {"direction": "entry"},
            "server_time": SystemClock.now(),
        },
        "refused_token_sha256": null,
    });
    std::fs::write(folder.join("state.json"), state.to_string()).unwrap();
}

struct OwnDoor {
    door: Door,
    started: Instant,
    scans: usize,
}

impl OwnDoor {
    fn new(folder: &Path) -> Self {
        prepare(folder);
        let ids = Box::new(uuid::Uuid::new_v4);
        let now = Moment {
            wall: SystemClock.now(),
            up_ms: 0,
            boot: uuid::Uuid::nil(),
        };
        let token = "token".to_owned();
        Self {
            door: Door::open(folder, DoorSettings::default(), token, ids, now).unwrap(),
            started: Instant::now(),
            scans: 0,
        }
    }

    fn now(&self) -> Moment {
        Moment {
            wall: SystemClock.now(),
            up_ms: self.started.elapsed().as_millis().try_into().unwrap(),
            boot: uuid::Uuid::nil(),
        }
    }

    fn scan(&mut self) -> Duration {
        self.scans += 1;
        let code = card(self.scans);
        let start = Instant::now();
        let errands = self.door.step(
            Event::Line(Lane { source: 1, line: 1 }, Wish::Check(code, None)),
            self.now(),
        );
        let elapsed = start.elapsed();
        let told = errands.iter().find_map(|errand| match errand {
            Errand::Tell { check, answer, .. } => Some((*check, answer.open)),
            _ => None,
        });
        let Some((Some(check), true)) = told else {
            panic!("{errands:?}");
        };
        let delivered = Delivered::Yes;
        self.door.step(Event::Told { check, delivered }, self.now());
        elapsed
    }
}

struct Turnstile {
    process: Process,
    connection: BufReader<TcpStream>,
    scans: usize,
}

struct Memory {
    resident: u64,
    most: u64,
}

impl Turnstile {
    fn start(folder: &Path) -> Self {
        prepare(folder);
        let address = free_address();
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command
            // Nobody listens there, as in a cut line.
            .args(["edge", "--server", "http://127.0.0.1:9", "--journal"])
            .arg(folder.canonicalize().unwrap())
            .args(["--listen", &address.to_string(), "--status", "127.0.0.1:0"])
            .env("PASSERELLE_EDGE_SERVER__TOKEN", "\"token\"")
            .env("PASSERELLE_LOG", "error")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::start(&mut command);
        let start = Instant::now();
        let connection = loop {
            match TcpStream::connect(address) {
                Ok(connection) => break connection,
                Err(error) => assert!(start.elapsed() < Duration::from_secs(30), "{error}"),
            }
        };
        connection.set_nodelay(true).unwrap();
        Self {
            process,
            connection: BufReader::new(connection),
            scans: 0,
        }
    }

    fn scan(&mut self) -> Duration {
        self.scans += 1;
        let line = format!("{}\n", card(self.scans));
        let mut answer = String::new();
        let start = Instant::now();
        self.connection
            .get_mut()
            .write_all(line.as_bytes())
            .unwrap();
        self.connection.read_line(&mut answer).unwrap();
        let elapsed = start.elapsed();
        assert!(answer.starts_with("OPEN accepted_offline"), "{answer}");
        elapsed
    }

    fn memory(&self) -> Memory {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.child.id())).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        Memory {
            resident: field("VmRSS:"),
            most: field("VmHWM:"),
        }
    }
}
