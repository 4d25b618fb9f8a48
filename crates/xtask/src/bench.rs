//! `cargo xtask bench`.

use crate::command::run;
use crate::workspace::cargo;
use anyhow::{Result, bail};
use std::ffi::OsStr;

/// Each benchmark: its name here, its crate, its name there, what it measures.
pub const BENCHES: &[(&str, &str, &str, &str)] = &[
    (
        "catalogue",
        "boxoffice",
        "catalogue",
        "a catalogue file, for each KiB of it",
    ),
    (
        "db",
        "db",
        "group_commit",
        "commits a second, grouped and one by one",
    ),
    (
        "decide",
        "passerelle",
        "decide",
        "checks a second, as ratios to a bare server",
    ),
    (
        "edge",
        "passerelle",
        "edge",
        "a turnstile's decision without network, next to the disk's own time",
    ),
    (
        "office",
        "passerelle",
        "office",
        "each page of the back office on five million checks",
    ),
    (
        "scan",
        "passerelle",
        "scan",
        "the scanner page with 20,000 unsent entries on a slow phone",
    ),
];

/// Runs the benchmark `name`; `arguments` go to it.
///
/// # Errors
/// If there is no such benchmark, or it fails.
pub fn bench(name: &str, arguments: &[String]) -> Result<()> {
    let Some((_, package, target, _)) = BENCHES.iter().find(|(known, ..)| *known == name) else {
        let known: Vec<&str> = BENCHES.iter().map(|(known, ..)| *known).collect();
        bail!(
            "there is no benchmark `{name}`; one of: {}",
            known.join(", ")
        );
    };
    measure(package, target, arguments)
}

/// Hours of load with faults; `arguments` go to it.
///
/// # Errors
/// If it cannot be built, or the books and the doors disagree.
pub fn soak(arguments: &[&str]) -> Result<()> {
    measure("passerelle", "soak", arguments)
}

fn measure<S: AsRef<OsStr>>(package: &str, target: &str, arguments: &[S]) -> Result<()> {
    let mut command = cargo();
    command.args(["bench", "--package", package, "--bench", target, "--"]);
    run(command.args(arguments), "see above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_benchmark_lists_the_known() {
        let failure = bench("speed", &[]).unwrap_err().to_string();
        assert!(failure.contains("`speed`"), "{failure}");
        assert!(
            failure.contains("catalogue, db, decide, edge, office"),
            "{failure}"
        );
    }
}
