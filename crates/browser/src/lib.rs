//! A real browser for the tests of pages. It is not shipped.
//!
//! It is Chromium without a screen, driven over its DevTools protocol by a pipe:
//! what is on file descriptor 3 are our commands, on 4 its answers, each ended by
//! a zero byte. A shell puts our pipes there; no port is opened.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod form;
mod picture;
mod stroke;
mod tab;

pub use stroke::{Held, Phase, Stroke};
pub use tab::Tab;

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Where Chromium is.
const VARIABLE: &str = "PASSERELLE_TEST_CHROMIUM";

/// How long anything may take; a test that waits longer fails.
const PATIENCE: Duration = Duration::from_secs(40);

/// A screen that pages are laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// In points.
    pub width: u32,
    /// In points.
    pub height: u32,
    device: Device,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    Handheld,
    Desk,
}

/// A phone.
pub const PHONE: Screen = Screen {
    width: 390,
    height: 844,
    device: Device::Handheld,
};

/// A handheld with an imager.
pub const HANDHELD: Screen = Screen {
    width: 480,
    height: 800,
    device: Device::Handheld,
};

/// A desk.
pub const DESK: Screen = Screen {
    width: 1280,
    height: 900,
    device: Device::Desk,
};

/// A tablet, or half of a desk's screen.
pub const TABLET: Screen = Screen {
    width: 820,
    height: 1180,
    device: Device::Desk,
};

/// What a person prefers pages to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// One browser with a profile of its own.
pub struct Browser {
    process: Child,
    commands: RefCell<Option<ChildStdin>>,
    answers: Receiver<Value>,
    last_id: Cell<u64>,
    /// What the pages complained of.
    complaints: RefCell<Vec<String>>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it; `film` is what its camera sees.
    ///
    /// # Panics
    /// As all of this crate, if something is not as the test expects.
    #[must_use]
    pub fn start(film: Option<&Path>) -> Self {
        let Some(chromium) = std::env::var_os(VARIABLE) else {
            panic!(
                "{VARIABLE} does not say where Chromium is; `cargo xtask test` sets it, and by \
                 hand: apt-get install chromium; export {VARIABLE}=/usr/bin/chromium"
            );
        };
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec \"$@\" 3<&0 4>&1 1>&2 0</dev/null", "sh"])
            .arg(chromium)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                // Containers have no name spaces to spare; only our own pages
                // are opened.
                "--no-sandbox",
                "--no-first-run",
                "--no-default-browser-check",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--mute-audio",
                "--lang=en-US",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()));
        if let Some(film) = film {
            command.arg(format!(
                "--use-file-for-fake-video-capture={}",
                film.display()
            ));
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = process.stdin.take();
        let output = process.stdout.take().unwrap();
        let (send, answers) = channel();
        std::thread::spawn(move || {
            let messages = BufReader::new(output).split(0);
            for message in messages.map_while(Result::ok) {
                let message = serde_json::from_slice(&message).unwrap();
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            process,
            commands: RefCell::new(commands),
            answers,
            last_id: Cell::new(0),
            complaints: RefCell::default(),
            _profile: profile,
        }
    }

    /// A new tab with this screen.
    #[must_use]
    pub fn tab(&self, screen: Screen) -> Tab<'_> {
        Tab::new(self, screen)
    }

    /// What pages complained of so far: exceptions, and what the content security
    /// policy stopped. If it is not taken, the browser's end is a failure.
    pub fn take_complaints(&self) -> Vec<String> {
        // What came before this answer has been noted.
        self.call(None, "Browser.getVersion", json!({}));
        self.complaints.take()
    }

    fn send(&self, session: Option<&str>, method: &str, params: Value) -> u64 {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let mut commands = self.commands.borrow_mut();
        commands.as_mut().unwrap().write_all(&bytes).unwrap();
        id
    }

    fn answer(&self, id: u64) -> Result<Value, String> {
        loop {
            let mut message = self
                .answers
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|error| panic!("Chromium does not answer: {error}"));
            if message["id"] == id {
                return match message["error"]["message"].as_str() {
                    Some(error) => Err(error.to_owned()),
                    None => Ok(message["result"].take()),
                };
            }
            self.note(&message);
        }
    }

    fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.send(session, method, params);
        self.answer(id)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    // An exception, or something the content security policy stopped.
    fn note(&self, message: &Value) {
        let params = &message["params"];
        let complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                &params["exceptionDetails"]["exception"]["description"]
            }
            Some("Log.entryAdded")
                if params["entry"]["source"] != "network"
                    // Advice.
                    && params["entry"]["level"] != "verbose" =>
            {
                &params["entry"]["text"]
            }
            _ => return,
        };
        let complaint = complaint.as_str().unwrap_or("an exception without words");
        self.complaints.borrow_mut().push(complaint.to_owned());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let complaints = self.complaints.borrow();
            assert!(
                complaints.is_empty(),
                "the page complained: {complaints:#?}"
            );
        }
        // At the end of its commands it closes, with all that it started.
        self.commands.borrow_mut().take();
        let _ = self.process.wait();
    }
}
