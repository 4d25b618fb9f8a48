//! Everything a developer runs: tests, benchmarks, tidy rules.
//!
//! What never goes in: anything that a museum runs.

mod axe;
mod bench;
mod command;
mod debian;
mod decoder;
mod deny;
mod fuzz;
mod npm;
mod package;
mod postgres;
mod sbom;
mod simulate;
mod test;
mod tidy;
mod workspace;

use anyhow::{Result, bail};
use axe::AXE;
use decoder::DECODER;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match perform(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(arguments: &[String]) -> Result<()> {
    let (words, rest) = match arguments.iter().position(|word| word == "--") {
        Some(place) => (&arguments[..place], &arguments[place + 1..]),
        None => (arguments, &[][..]),
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        // It has many arguments of its own, and explains them.
        ["simulate", arguments @ ..] => simulate::simulate(arguments),
        ["fuzz", arguments @ ..] if !arguments.contains(&"--help") => fuzz::fuzz(arguments),
        ["soak", arguments @ ..] if !arguments.contains(&"--help") => bench::soak(arguments),
        [] | ["bench"] | ["help", ..] | ["--help" | "-h", ..] | [_, "--help" | "-h", ..] => {
            print!("{}", help());
            Ok(())
        }
        ["test"] if rest.is_empty() => test::all(),
        ["test"] => test::only(rest),
        ["tidy"] => tidy::run(),
        ["postgres"] => postgres::stay(rest),
        ["bench", name] => bench::bench(name, rest),
        ["decoder"] => DECODER.fetch(),
        ["axe"] => AXE.fetch(),
        ["deny"] => deny::check(),
        ["sbom"] => sbom::print(),
        ["package"] => package::package(None),
        ["package", "--revision", revision] => package::package(Some(revision)),
        ["setup"] => set_up(),
        [postgres::KEEP] => postgres::keep(),
        _ => bail!(
            "`{}` is no task; `cargo xtask --help` lists them",
            words.join(" ")
        ),
    }
}

fn set_up() -> Result<()> {
    println!("postgresql: {}", debian::postgres_programs()?.display());
    println!("chromium: {}", debian::chromium_program()?.display());
    Ok(())
}

fn help() -> String {
    let mut text = String::from(
        "\
Everything a developer runs.

Usage: cargo xtask TASK

  test                 format, tidy, clippy, all tests, rustdoc; stops at the
                       first failure
  test -- FILTER …     the tests alone; what follows goes to nextest,
                       for example: -- -p gate admit
  tidy                 the rules of the house that no other tool checks
  postgres             a throw-away PostgreSQL server for tests run by hand;
                       prints the line to export and stays until Ctrl-C
  postgres -- COMMAND  runs COMMAND with such a server and stops it afterwards
  decoder              fetches the reader of codes that the scanner page's
                       camera uses; the server is built with it if it is there
  axe                  fetches the rules of accessibility that the pages of the
                       back office are held against
  simulate             plays virtual days of devices, server and box office;
                       --seeds N --from SEED --operations 500; see docs/simulation.md
  fuzz                 feeds made-up input to all that reads what others wrote,
                       a limit of time and memory on each; ten minutes in all,
                       or: fuzz TARGET --minutes N; what a target does not
                       stand is kept in crates/fuzz/seeds
  soak                 an hour of load with faults, and what the service takes
                       meanwhile, minute by minute; --hours N or --minutes N,
                       --to DIR
  deny                 licences, sources and duplicates of what is built in, by
                       cargo-deny
  sbom                 prints what the program is made of, as CycloneDX JSON
  package              the program as a Debian package and as an archive, in
                       target/package; --revision N for a second of one version
  setup                installs what the tests need: PostgreSQL and Chromium,
                       as Debian's packages
",
    );
    for (name, _, _, what) in bench::BENCHES {
        text += &format!("  bench {name:<14} {what}\n");
    }
    text += "\nThe tests start their own PostgreSQL, unless PASSERELLE_TEST_POSTGRES names one.\n";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_benchmark() {
        for (name, ..) in bench::BENCHES {
            assert!(help().contains(&format!("  bench {name} ")), "{name}");
        }
    }

    #[test]
    fn an_unknown_task_is_refused() {
        for words in [["tets"].as_slice(), &["tidy", "now"], &["test", "gate"]] {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            let failure = perform(&words).unwrap_err().to_string();
            assert!(failure.contains(&words.join(" ")), "{failure}");
        }
    }
}
