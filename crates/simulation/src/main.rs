//! `cargo xtask simulate` runs this.

use clap::Parser;
use simulation::Planted;
use simulation::fleet::{self, Orders};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

/// Plays virtual days of scanners, turnstiles, server, Otipass and box office,
/// each made of a seed, and tells which breaks a rule.
#[derive(Parser)]
#[command(name = "cargo xtask simulate")]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many operations each story has.
    #[arg(long, default_value_t = 500)]
    operations: usize,
    /// How many threads; one for each core unless given.
    #[arg(long)]
    threads: Option<usize>,
    /// Go on after the first broken story.
    #[arg(long)]
    go_on: bool,
    /// Plant a bug, to see it found.
    #[arg(long)]
    plant: Option<Planted>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let threads = arguments
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
    let orders = Orders {
        from: arguments.from,
        seeds: arguments.seeds,
        operations: arguments.operations,
        planted: arguments.plant,
        threads,
        go_on: arguments.go_on,
    };
    let started = Instant::now();
    let shown = std::io::stderr().is_terminal();
    let step = (arguments.seeds / 20).max(1);
    let (broken, tally) = fleet::play(orders, |played| {
        if played % step == 0 {
            let line = format!("{played} of {} stories", arguments.seeds);
            if shown {
                eprint!("\r{line} ");
            } else {
                eprintln!("{line}");
            }
        }
    });
    let seconds = started.elapsed().as_millis().max(1);
    let operations = u128::from(arguments.seeds) * arguments.operations as u128;
    eprintln!(
        "\r{} stories of {} operations in {}.{} s on {threads} threads: {} operations a second",
        arguments.seeds,
        arguments.operations,
        seconds / 1000,
        seconds % 1000 / 100,
        operations * 1000 / seconds,
    );
    if broken.is_empty() {
        println!("{tally}");
    }
    for story in &broken {
        println!("\n{story}");
        println!(
            "again: cargo xtask simulate --from {} --seeds 1 --operations {}",
            story.seed, arguments.operations
        );
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        println!("\n{} broken", broken.len());
        ExitCode::FAILURE
    }
}
