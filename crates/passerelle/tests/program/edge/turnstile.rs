//! A turnstile: `passerelle edge` as a process, its line, its disk, its visitors.

use super::proxy::{Line, Proxy};
use super::{Told, until};
use crate::BIN;
use serde_json::Value;
use stage::{Process, Program, free_address, show_log};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What the journal is kept on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// The machine's.
    Large,
    /// A file system of a few megabytes, in memory.
    Small,
}

const LOG: &str = "edge.log";

pub struct Turnstile {
    folder: PathBuf,
    input: SocketAddr,
    status: SocketAddr,
    proxy: Proxy,
    small: Option<SmallDisk>,
    process: Mutex<Process>,
    kills: AtomicUsize,
}

impl Turnstile {
    pub fn start(house: &Program, device: &str, disk: Disk) -> Self {
        let folder = house.path(device);
        let journal = folder.join("journal");
        std::fs::create_dir_all(&journal).unwrap();
        let proxy = Proxy::to(house.address);
        let (input, status) = (free_address(), free_address());
        std::fs::write(folder.join("edge.token"), house.token(device)).unwrap();
        let config = format!(
            "[server]\nurl = \"http://{}\"\n[journal]\nfolder = \"journal\"\n\
             [input]\nlisten = \"{input}\"\n[status]\nlisten = \"{status}\"\n",
            proxy.address
        );
        std::fs::write(folder.join("edge.toml"), config).unwrap();
        let small = (disk == Disk::Small)
            .then(|| SmallDisk::at(&journal))
            .flatten();
        let process = Mutex::new(spawn(&folder, small.as_ref()));
        let turnstile = Self {
            folder,
            input,
            status,
            proxy,
            small,
            process,
            kills: AtomicUsize::new(0),
        };
        turnstile.until_status("it starts", |status| status["mode"] == "online");
        turnstile
    }

    pub fn line(&self, line: Line) {
        self.proxy.set(line);
    }

    pub fn kills(&self) -> usize {
        self.kills.load(Ordering::Relaxed)
    }

    /// A visitor scans, and the process is killed about so many microseconds
    /// later. Perhaps there was an answer before.
    pub fn kill_while(&self, pass: &str, after_us: u64) -> Option<Told> {
        let mut connection = TcpStream::connect(self.input).ok();
        if let Some(connection) = &mut connection {
            let _ = connection.write_all(format!("{pass}\n").as_bytes());
            std::thread::park_timeout(Duration::from_micros(after_us));
        }
        let mut process = self.process.lock().unwrap();
        process.kill();
        *process = spawn(&self.folder, self.small.as_ref());
        self.kills.fetch_add(1, Ordering::Relaxed);
        self.answer(pass, connection?)
    }

    /// A visitor scans until there is an answer.
    pub fn let_pass(&self, pass: &str) -> Told {
        let mut told = None;
        until("a visitor gets an answer", || {
            told = self.scan(pass);
            told.is_some()
        });
        told.unwrap()
    }

    /// One try. `None` if there is no answer, or only one that asks to try
    /// again.
    fn scan(&self, pass: &str) -> Option<Told> {
        let mut connection = TcpStream::connect(self.input).ok()?;
        connection.write_all(format!("{pass}\n").as_bytes()).ok()?;
        self.answer(pass, connection)
    }

    fn answer(&self, pass: &str, connection: TcpStream) -> Option<Told> {
        let mut answer = String::new();
        BufReader::new(connection).read_line(&mut answer).ok()?;
        let words: Vec<&str> = answer.trim_end().split(' ').collect();
        match words[..] {
            ["OPEN", outcome, number, ..] => {
                assert!(outcome.starts_with("accepted"), "{answer}");
                assert_eq!(number, pass);
                Some(Told::Open)
            }
            ["CLOSED", "pass_blocked", ..] => Some(Told::Closed),
            ["CLOSED", "cannot_remember", ..] => {
                // The disk is full and the line is down: staff would come.
                self.empty_disk();
                None
            }
            [""] => None,
            _ => panic!("{answer}"),
        }
    }

    /// Fills the disk to the last byte.
    pub fn fill_disk(&self) {
        if let Some(small) = &self.small {
            let mut file = std::fs::File::create(small.filler()).unwrap();
            while file.write_all(&[1; 4096]).is_ok() {}
        }
    }

    pub fn empty_disk(&self) {
        if let Some(small) = &self.small {
            let _ = std::fs::remove_file(small.filler());
        }
    }

    pub fn status(&self) -> Value {
        self.try_status().expect("the status page answers")
    }

    fn try_status(&self) -> Option<Value> {
        let mut connection = TcpStream::connect(self.status).ok()?;
        connection
            .write_all(b"GET /status.json HTTP/1.0\r\n\r\n")
            .ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    pub fn until_status(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let mut last = None;
        let all = format!("{what}: {}", self.folder.display());
        until(&all, || {
            last = self.try_status();
            last.as_ref().is_some_and(&holds)
        });
    }
}

impl Drop for Turnstile {
    fn drop(&mut self) {
        show_log(&self.folder.join(LOG));
    }
}

fn spawn(folder: &Path, small: Option<&SmallDisk>) -> Process {
    let mut log = std::fs::File::options();
    let log = log.create(true).append(true).open(folder.join(LOG));
    let mut command = match small {
        Some(small) => small.command(BIN),
        None => Command::new(BIN),
    };
    command
        .args(["edge", "--config"])
        .arg(folder.join("edge.toml"))
        .env("PASSERELLE_LOG", "warn")
        .stdin(Stdio::null())
        .stderr(log.unwrap());
    Process::start(&mut command)
}

/// A small file system in memory, in a mount namespace of its own: it goes when
/// the process that holds it does, and nobody else sees it.
struct SmallDisk {
    holder: Child,
    journal: PathBuf,
}

impl SmallDisk {
    /// `None` where mounting is not permitted, also not as one's own root: the
    /// disk is never full then, which the journal's own tests cover.
    fn at(journal: &Path) -> Option<Self> {
        let mut holder = Command::new("unshare")
            .args(["--mount", "--map-root-user", "sh", "-c"])
            .arg("mount -t tmpfs -o size=5m tmpfs \"$0\" && echo mounted && exec cat")
            .arg(journal)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut said = String::new();
        BufReader::new(holder.stdout.as_mut()?)
            .read_line(&mut said)
            .ok()?;
        if said != "mounted\n" {
            let _ = holder.wait();
            eprintln!("no file system can be mounted here: the disk is not made full");
            return None;
        }
        Some(Self {
            holder,
            journal: journal.to_owned(),
        })
    }

    /// Runs `program` where the file system is.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.holder.id().to_string())
            .arg("--")
            .arg(program);
        command
    }

    /// The file that takes all room, as seen from here.
    fn filler(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        let inside = self.journal.strip_prefix("/").unwrap_or(&self.journal);
        root.join(inside).join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
