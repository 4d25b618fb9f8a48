//! A throw-away PostgreSQL server for the tests.
//!
//! Whoever needs it starts a *keeper*: this program again, in a process group
//! of its own, with its standard input held open. The keeper makes the cluster,
//! prints its address and waits for the input to end. So the cluster goes away
//! with whoever asked for it, also when that one is interrupted or killed.

mod cluster;

use crate::command::run;
use crate::debian;
use anyhow::{Context, Result, ensure};
use cluster::Cluster;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Tells the tests where the server is; `db::testing` reads it.
pub const VARIABLE: &str = "PASSERELLE_TEST_POSTGRES";

/// The verb that makes this program a keeper.
pub const KEEP: &str = "keep-postgres";

const NO_START: &str = "the PostgreSQL server for the tests did not start; see above";

/// A running server; stopped and removed when dropped.
pub struct Server {
    keeper: Child,
    url: String,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1; PostgreSQL is installed if
    /// it is missing.
    ///
    /// # Errors
    /// If PostgreSQL is missing and can't be installed, or doesn't start.
    pub fn start() -> Result<Self> {
        // Installing takes a while, and may be interrupted like any other step.
        debian::postgres_programs()?;
        let mut keeper = Command::new(this_program()?)
            .arg(KEEP)
            // Ctrl-C is for whoever asked; the keeper still has to clear up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context(NO_START)?;
        let mut url = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            BufReader::new(stdout).read_line(&mut url)?;
        }
        let server = Self {
            keeper,
            url: url.trim().to_owned(),
        };
        ensure!(server.url.starts_with("postgres://"), NO_START);
        Ok(server)
    }

    /// The address, for [`VARIABLE`].
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input is the keeper's sign to clear up.
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("the PostgreSQL server for the tests may still run: {error}");
        }
    }
}

/// A build may replace this program's file while it runs, so where the system
/// can name the running program itself, that is what is started.
fn this_program() -> io::Result<std::path::PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() {
        Ok(running.to_owned())
    } else {
        std::env::current_exe()
    }
}

/// The keeper: runs a cluster until standard input ends.
///
/// # Errors
/// If PostgreSQL is missing and can't be installed, or doesn't start.
pub fn keep() -> Result<()> {
    let cluster = Cluster::start()?;
    println!("{}", cluster.url());
    io::stdout().flush()?;
    wait_for_end_of_input()
}

/// `cargo xtask postgres`: without a command, prints the line to export and
/// stays until Ctrl-C or the end of standard input; with one, runs it with the
/// variable set.
///
/// # Errors
/// If the server doesn't start, or the command fails.
pub fn stay(command: &[String]) -> Result<()> {
    let server = Server::start()?;
    if let Some((program, arguments)) = command.split_first() {
        return run(
            Command::new(program)
                .args(arguments)
                .env(VARIABLE, server.url()),
            "see above",
        );
    }
    println!("export {VARIABLE}={}", server.url());
    if io::stdin().is_terminal() {
        eprintln!("The server runs until you press Ctrl-C. Export the line in another terminal.");
    }
    wait_for_end_of_input()
}

fn wait_for_end_of_input() -> Result<()> {
    io::copy(&mut io::stdin(), &mut io::sink()).context("standard input can't be read")?;
    Ok(())
}
