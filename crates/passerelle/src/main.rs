//! The command line of Passerelle.
//!
//! What never goes in: what a page needs too; that belongs into the room below
//! both.

#[macro_use]
mod out;
#[macro_use]
mod table;

mod account_command;
mod apply;
mod assemble;
mod back_office;
mod backup;
mod demo;
mod device;
mod doctor_command;
mod edge_command;
mod folders;
mod help;
mod house;
mod init;
mod language;
mod move_command;
mod notices_command;
mod reconcile;
mod replay;
mod report;
mod retention;
mod sales;
mod sandbox_command;
mod secrets_command;
mod serve;
mod set_up;
mod support_bundle;
mod ticketing;
mod tokens;

use clap::{FromArgMatches, Parser, Subcommand};
use language::{language, said};
use std::process::ExitCode;

/// Passerelle: city passes at museum gates, one sale for each admission.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it all at once: site, sandbox, service and gentle traffic
    Demo(demo::Arguments),
    /// Run the service; at a terminal, without a configuration, it makes one first
    Serve(serve::Arguments),
    /// Write a configuration with comments, to begin with
    Init(init::Arguments),
    /// Load changed files of the set-up while the service runs
    Apply(house::ConfigOption),
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
    /// Move everything to another database, while the service runs
    Move(move_command::Arguments),
    /// Remove the card numbers that have stayed long enough
    Retention(retention::Arguments),
    /// Put the secrets in the database under a key, or under another
    Secrets(secrets_command::Arguments),
    /// Gather what one who helps must see, without card numbers and secrets
    SupportBundle(support_bundle::Arguments),
    /// See who may use the back office, and let a lost administrator in again
    Account(account_command::Arguments),
    /// Try who is told when something is not well
    Notices(notices_command::Arguments),
    /// Ask ticketing's harmless methods, and save what came for whoever helps
    Ticketing(ticketing::Arguments),
    /// Run a recorded day through the real thing
    Replay(replay::Arguments),
    /// Work a turnstile: decide at the door, also without network
    Edge(edge_command::Arguments),
    /// Run a stand-in Otipass, or print its sample cards
    Sandbox(sandbox_command::Arguments),
    /// Explain a command, or print one of the documents
    Help(help::Arguments),
}

/// What a command comes to, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Exit code 0.
    Fine,
    /// Exit code 1: it worked, and what it found is not fine.
    NotFine,
    /// Exit code 3: nothing is wrong, and nothing is set up yet.
    NotBegun,
}

impl Verdict {
    /// Fine, or not.
    pub const fn fine_if(fine: bool) -> Self {
        if fine { Self::Fine } else { Self::NotFine }
    }
}

kernel::texts!(Texts in Fr, En {
    because: "cause :", "because:";
});

fn main() -> ExitCode {
    // What the service has its children do: no command for people, and one that
    // has no use for a runtime.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == server::READ_PICTURES)
    {
        return server::read_pictures().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let matches = help::command_line().try_get_matches();
    match matches.and_then(|mut matches| CommandLine::from_arg_matches_mut(&mut matches)) {
        Ok(line) => run(line.command),
        Err(error) => help::not_read(&error),
    }
}

#[tokio::main]
async fn run(command: Command) -> ExitCode {
    // Whoever makes an HTTP client needs a TLS provider; installed twice is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Init(arguments) => init::run(arguments).await,
        Command::Apply(config) => apply::run(config).await,
        Command::Doctor(arguments) => doctor_command::run(arguments).await,
        Command::Device(arguments) => device::run(arguments).await,
        Command::Sales(arguments) => sales::run(arguments).await,
        Command::Report(arguments) => report::run(arguments).await,
        Command::Reconcile(arguments) => reconcile::run(arguments).await,
        Command::Backup(arguments) => backup::back_up(arguments).await,
        Command::Restore(arguments) => backup::restore(arguments).await,
        Command::Move(arguments) => move_command::run(arguments).await,
        Command::Retention(arguments) => retention::run(arguments).await,
        Command::Secrets(arguments) => secrets_command::run(arguments).await,
        Command::SupportBundle(arguments) => support_bundle::run(arguments).await,
        Command::Account(arguments) => account_command::run(arguments).await,
        Command::Notices(arguments) => notices_command::run(arguments).await,
        Command::Ticketing(arguments) => ticketing::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::Edge(arguments) => edge_command::run(arguments).await,
        Command::Sandbox(arguments) => sandbox_command::run(arguments).await,
        Command::Help(arguments) => help::run(&arguments),
    };
    match result {
        Ok(Verdict::Fine) => ExitCode::SUCCESS,
        Ok(Verdict::NotFine) => ExitCode::from(1),
        Ok(Verdict::NotBegun) => ExitCode::from(3),
        Err(error) => {
            let because = Texts::of(language()).because;
            let mut chain = error.chain().map(said);
            errln!("passerelle: {}", chain.next().unwrap_or_default());
            for cause in chain {
                errln!("  {because} {cause}");
            }
            ExitCode::from(2)
        }
    }
}
