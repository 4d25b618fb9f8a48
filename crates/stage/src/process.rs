//! Child processes that say on their lines how they are.

use crate::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

/// How many lines of its log a test that fails shows.
const LAST_WORDS: usize = 40;

/// A process that ends with the test.
pub struct Process {
    /// The process.
    pub child: Child,
    printed: Mutex<Receiver<String>>,
}

impl Process {
    /// Starts it; where its log goes says the command.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let printed = Mutex::new(lines(child.stdout.take().unwrap()));
        Self { child, printed }
    }

    /// Waits for the next line that it prints with these words.
    pub fn line_with(&self, words: &str) -> String {
        let printed = self.printed.lock().unwrap();
        loop {
            match printed.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(_) => {}
                Err(why) => panic!("the process never said {words:?}: {why}"),
            }
        }
    }

    /// The last word of that line.
    pub fn says(&self, words: &str) -> String {
        let line = self.line_with(words);
        line.rsplit(' ').next().unwrap().to_owned()
    }

    /// Where it says next that it listens.
    pub fn address(&self) -> String {
        let line = self.line_with("://");
        let (_, rest) = line.split_once("://").unwrap();
        rest.split(['/', ' ']).next().unwrap().to_owned()
    }

    /// The secret that makes the first account, which stands alone on a line.
    pub fn secret(&self) -> String {
        self.line_with("with this secret");
        let line = self.line_with("-");
        line.trim().to_owned()
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM.
    pub fn ask_to_end(&self) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.unwrap(), Signal::TERM).unwrap();
    }

    /// Waits until it has ended, and says whether it ended well.
    pub fn ended(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// If the test fails, shows the end of this file.
pub fn show_log(file: &Path) {
    let log = match std::thread::panicking() {
        true => fs::read_to_string(file).unwrap_or_default(),
        false => return,
    };
    let skip = log.lines().count().saturating_sub(LAST_WORDS);
    eprintln!("--- the last lines of {}", file.display());
    for line in log.lines().skip(skip) {
        eprintln!("{line}");
    }
}

/// What comes through a pipe, line by line.
pub fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // The pipe is emptied also when nobody wants to know.
            let _ = sender.send(line);
        }
    });
    lines
}

/// An address that nobody uses at present, for a process that comes back to it.
/// Not one that the system gives to connections, which would take it meanwhile.
pub fn free_address() -> SocketAddr {
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], fastrand::u16(20_000..32_000)));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
