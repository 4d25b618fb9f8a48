//! The command line of Passerelle.

#[macro_use]
mod out;

mod apply;
mod assemble;
mod back_office;
mod backup;
mod demo;
mod device;
mod doctor_command;
mod edge_command;
mod progress;
mod reconcile;
mod replay;
mod report;
mod retention;
mod sales;
mod sandbox_command;
mod serve;
mod support_bundle;
mod table;
mod tokens;

use clap::{Parser, Subcommand};
use config::{Config, ConfigError, Surroundings};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// Passerelle: city passes at museum gates, one sale for each admission.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// Which configuration a command works on.
#[derive(Debug, clap::Args)]
pub struct ConfigOption {
    /// The configuration
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        env = "PASSERELLE_CONFIG",
        default_value = "passerelle.toml"
    )]
    config: PathBuf,
}

impl ConfigOption {
    fn read(&self) -> Result<Config, ConfigError> {
        Config::read(&self.config, Surroundings::Variables)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it all at once: site, sandbox, service and gentle traffic
    Demo(demo::Arguments),
    /// Run the service
    Serve(serve::Arguments),
    /// Take up changed files of the set-up while the service runs
    Apply(apply::Arguments),
    /// Check a whole set-up and name each mistake with its cure
    Doctor(doctor_command::Arguments),
    /// Give devices their tokens, or take them back
    Device(device::Arguments),
    /// External sales: run them, import a file, list what came of it
    Sales(sales::Arguments),
    /// Read what was sold, who came, what Otipass owes
    Report(report::Arguments),
    /// Hold the gate's books against the box office's
    Reconcile(reconcile::Arguments),
    /// Copy the embedded database while the service runs, and read the copy back
    Backup(backup::BackupArguments),
    /// Make a database of a backup, after it was verified
    Restore(backup::RestoreArguments),
    /// Remove the card numbers that have stayed long enough
    Retention(retention::Arguments),
    /// Gather what one who helps must see, without card numbers and secrets
    SupportBundle(support_bundle::Arguments),
    /// Run a recorded day through the real thing
    Replay(replay::Arguments),
    /// Work a turnstile: decide at the door, also without network
    Edge(edge_command::Arguments),
    /// Run a stand-in Otipass, or print its sample cards
    Sandbox(sandbox_command::Arguments),
}

/// What a command comes to, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Exit code 0.
    Fine,
    /// Exit code 1: it worked, and what it found is not fine.
    NotFine,
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = CommandLine::parse().command;
    // Whoever makes an HTTP client needs a TLS provider; installed twice is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result: Result<Verdict, Box<dyn Error>> = match command {
        Command::Demo(arguments) => demo::run(arguments).await.map_err(Into::into),
        Command::Serve(arguments) => serve::run(arguments).await.map_err(Into::into),
        Command::Apply(arguments) => apply::run(arguments).await.map_err(Into::into),
        Command::Doctor(arguments) => doctor_command::run(arguments).await.map_err(Into::into),
        Command::Device(arguments) => device::run(arguments).await.map_err(Into::into),
        Command::Sales(arguments) => sales::run(arguments).await.map_err(Into::into),
        Command::Report(arguments) => report::run(arguments).await.map_err(Into::into),
        Command::Reconcile(arguments) => reconcile::run(arguments).await.map_err(Into::into),
        Command::Backup(arguments) => backup::back_up(arguments).await.map_err(Into::into),
        Command::Restore(arguments) => backup::restore(arguments).await.map_err(Into::into),
        Command::Retention(arguments) => retention::run(arguments).await.map_err(Into::into),
        Command::SupportBundle(arguments) => {
            support_bundle::run(arguments).await.map_err(Into::into)
        }
        Command::Replay(arguments) => replay::run(arguments).await.map_err(Into::into),
        Command::Edge(arguments) => edge_command::run(arguments).await.map_err(Into::into),
        Command::Sandbox(arguments) => sandbox_command::run(arguments).await.map_err(Into::into),
    };
    match result {
        Ok(Verdict::Fine) => ExitCode::SUCCESS,
        Ok(Verdict::NotFine) => ExitCode::from(1),
        Err(error) => {
            errln!("passerelle: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                errln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::from(2)
        }
    }
}
