//! The built program, with a folder and a configuration of its own.

use crate::Otipass;
use crate::http::Front;
use crate::process::{Process, free_address, show_log};
use kernel::{Clock, SystemClock};
use serde_json::{Value, json};
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The example museum's folder.
pub const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/villeneuve");

/// A configuration that loads the example museum's files and asks the stand-in
/// Otipass; more of the section `[otipass]` may follow.
pub const SET_UP: &str = "[set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
                          mapping = \"mapping.json\"\n[otipass]\nurl = \"OTIPASS\"\n";

/// Its sales are written at once, instead of once a minute.
pub const SOLD_SOON: &str = "[external_sales]\nevery_s = 1\n";

const CONFIG: &str = "passerelle.toml";
/// Where what the service logs goes.
const LOG: &str = "service.log";

/// `passerelle` in a folder. Its service runs after [`Self::start`].
pub struct Program {
    binary: &'static str,
    /// Its folder.
    pub folder: PathBuf,
    /// Its partner.
    pub otipass: Otipass,
    /// Its service, which stays at one address, also when it is started again.
    front: Front,
    service: Option<Process>,
    own: Option<TempDir>,
}

impl Program {
    /// In a folder that goes with it; see [`Self::at`].
    pub fn new(binary: &'static str, passes: &str, configuration: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut program = Self::at(binary, folder.path(), passes, configuration);
        program.own = Some(folder);
        program
    }

    /// The same, with its service at work.
    pub fn at_work(binary: &'static str, passes: &str, configuration: &str) -> Self {
        let mut program = Self::new(binary, passes, configuration);
        program.start();
        program
    }

    /// In this folder, with the example museum's files and an [`Otipass`] that
    /// knows these passes. The configuration goes on in the section `[server]`;
    /// `OTIPASS` in it stands for where Otipass is. `binary` is
    /// `env!("CARGO_BIN_EXE_passerelle")`.
    pub fn at(binary: &'static str, folder: &Path, passes: &str, configuration: &str) -> Self {
        for file in ["site.toml", "catalogue.toml", "mapping.json"] {
            fs::copy(Path::new(EXAMPLE).join(file), folder.join(file)).unwrap();
        }
        let program = Self {
            binary,
            folder: folder.to_owned(),
            otipass: Otipass::open(passes),
            front: Front::at(free_address()),
            service: None,
            own: None,
        };
        let configuration = configuration.replace("OTIPASS", &program.otipass.url);
        let listen = program.address;
        let text = format!("[server]\nlisten = \"{listen}\"\n{configuration}");
        program.write(CONFIG, &text);
        program
    }

    /// The path of a file in the folder.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// What stands in it.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    /// Writes it.
    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// Writes `new` in it, once, in place of `old`, which must be there.
    pub fn replace(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert!(text.contains(old), "{file} lacks {old}");
        self.write(file, &text.replacen(old, new, 1));
    }

    /// A command on this configuration, whatever the environment says.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(config::is_variable) {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("PASSERELLE_CONFIG", self.path(CONFIG))
            .env("LC_ALL", "C");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must end well, and gives what it prints.
    pub fn fine(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must not work, and gives the reason.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// What a command that must end well gives as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.fine(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&printed).unwrap()
    }

    /// A new token of a device.
    pub fn token(&self, device: &str) -> String {
        self.fine(&["device", "token", device]).trim().to_owned()
    }

    /// Starts the service, and waits until it listens.
    pub fn start(&mut self) {
        let mut options = fs::File::options();
        let log = options.create(true).append(true).open(self.path(LOG));
        let mut command = self.command(&["serve"]);
        self.start_as(command.env("PASSERELLE_LOG", "warn").stderr(log.unwrap()));
    }

    /// The same by a command of one's own.
    pub fn start_as(&mut self, command: &mut Command) {
        let service = self.service.insert(Process::start(command));
        service.address();
    }

    /// Its process.
    ///
    /// # Panics
    /// If it doesn't run.
    pub fn service(&mut self) -> &mut Process {
        self.service.as_mut().expect("the service was started")
    }

    /// Ends the service at once, as a power cut would.
    pub fn kill(&mut self) {
        self.service = None;
    }

    /// Asks the service to end and waits for it.
    pub fn stop(&mut self) {
        let mut service = self.service.take().expect("the service was started");
        service.ask_to_end();
        assert!(service.ended(), "it ends well");
    }

    /// What it has logged, in all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path(LOG)).unwrap_or_default()
    }

    /// Checks this code now.
    pub fn check(
        &self,
        token: &str,
        id: &str,
        code: &str,
    ) -> impl Future<Output = Value> + Send + use<> {
        let now = SystemClock.now();
        let check = json!({"id": id, "code": code, "scanned_at": now});
        let answer = self.send(token, "/api/v1/checks", &check);
        async { answer.await.json() }
    }
}

impl Deref for Program {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.front
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        show_log(&self.path(LOG));
    }
}
