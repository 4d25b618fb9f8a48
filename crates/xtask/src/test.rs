//! `cargo xtask test`: everything that must hold before a commit, quickest first.

mod report;

use crate::axe::{self, AXE};
use crate::command::run;
use crate::debian;
use crate::decoder::DECODER;
use crate::deny;
use crate::npm::Fetched;
use crate::postgres::{self, Server};
use crate::simulate;
use crate::tidy;
use crate::workspace::{self, Source, cargo};
use anyhow::Result;
use report::Report;
use std::process::Stdio;

/// Tells the browser tests where Chromium is.
const CHROMIUM: &str = "PASSERELLE_TEST_CHROMIUM";

/// Tells the test of all pages where axe is, or that it is `unreachable`.
const RULES: &str = "PASSERELLE_TEST_AXE";

/// Runs all steps and stops at the first that fails.
///
/// # Errors
/// If a step fails; the message says how to repeat it by hand.
pub fn all() -> Result<()> {
    let mut report = Report::new();
    let done = steps(&mut report);
    report.print();
    done
}

/// Runs the tests alone; `arguments` go to nextest.
///
/// # Errors
/// If a test fails, or PostgreSQL can't be had.
pub fn only(arguments: &[String]) -> Result<()> {
    tests(&workspace::sources()?, arguments)
}

fn steps(report: &mut Report) -> Result<()> {
    let sources = workspace::sources()?;
    report.step("format", "cargo fmt --all", || {
        run(cargo().args(["fmt", "--all", "--check"]), "")
    })?;
    report.step("tidy", "cargo xtask tidy", tidy::run)?;
    // Before the first build, which takes it in.
    report.step_or_left_out("decoder", "cargo xtask decoder", || {
        Ok(match DECODER.fetched()? {
            Fetched::Present(_) => None,
            Fetched::Unreachable(failure) => {
                eprintln!("{failure:#}");
                Some("the films before a scanner without network will fail: nobody reads their codes")
            }
        })
    })?;
    report.step_or_left_out("axe", "cargo xtask axe", || {
        Ok(match AXE.fetched()? {
            Fetched::Present(_) => None,
            Fetched::Unreachable(failure) => {
                eprintln!("{failure:#}");
                Some("no page is held against the rules of accessibility")
            }
        })
    })?;
    report.step_or_left_out("deny", "cargo xtask deny", || {
        Ok(match deny::is_there() {
            true => deny::check().map(|()| None)?,
            false => Some("cargo-deny is missing: cargo install cargo-deny --locked"),
        })
    })?;
    report.step("clippy", "cargo clippy --workspace --all-targets", || {
        let mut clippy = cargo();
        clippy.args(["clippy", "--workspace", "--all-targets"]);
        run(clippy.args(["--", "-D", "warnings"]), "")
    })?;
    report.step("tests", "cargo xtask test -- NAME_OF_A_TEST", || {
        tests(&sources, &[])
    })?;
    report.step("simulation", "cargo xtask simulate --seeds 400", || {
        simulate::simulate_as_tested(&["--seeds", "400"])
    })?;
    if sources.iter().any(has_doc_test) {
        report.step("doc tests", "cargo test --workspace --doc", || {
            run(cargo().args(["test", "--workspace", "--doc"]), "")
        })?;
    }
    report.step("rustdoc", "cargo doc --workspace --no-deps", || {
        let mut doc = cargo();
        doc.args(["doc", "--workspace", "--no-deps"]);
        run(doc.env("RUSTDOCFLAGS", "-D warnings"), "")
    })
}

fn tests(sources: &[Source], arguments: &[String]) -> Result<()> {
    let mut command = cargo();
    if has_nextest() {
        command.args(["nextest", "run"]);
        // Many wait most of the time: for processes, a browser, a clock.
        let threads = 2 * std::thread::available_parallelism()?.get();
        command.env("NEXTEST_TEST_THREADS", threads.to_string());
    } else {
        eprintln!(
            "cargo-nextest is missing, so `cargo test` runs the tests, one crate after the other; \
             to install it: cargo install cargo-nextest --locked"
        );
        command.args(["test", "--lib", "--bins", "--tests", "--no-fail-fast"]);
    }
    if !names_package(arguments) {
        command.arg("--workspace");
    }
    command.args(arguments);

    // Whoever started a server by hand wants it used.
    let server = match std::env::var_os(postgres::VARIABLE) {
        Some(_) => None,
        None => Some(Server::start()?),
    };
    if let Some(server) = &server {
        command.env(postgres::VARIABLE, server.url());
    }
    if std::env::var_os(CHROMIUM).is_none() && sources.iter().any(has_browser_test) {
        command.env(CHROMIUM, debian::chromium_program()?);
    }
    if std::env::var_os(RULES).is_none() {
        match AXE.fetched()? {
            Fetched::Present(folder) => command.env(RULES, folder.join(axe::FILE)),
            Fetched::Unreachable(_) => command.env(RULES, "unreachable"),
        };
    }
    run(&mut command, "see above")
}

fn has_nextest() -> bool {
    cargo()
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn names_package(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| {
        argument.starts_with("--package")
            || (argument.starts_with("-p") && !argument.starts_with("--"))
    })
}

fn has_browser_test(source: &Source) -> bool {
    source.is_any(&["rs"])
        && !source.path.starts_with("crates/xtask/")
        && source.text.contains(CHROMIUM)
}

/// Whether the documentation holds an example that rustdoc would run: a fenced
/// block without a language, or one that says it is Rust.
fn has_doc_test(source: &Source) -> bool {
    if !source.is_any(&["rs"]) {
        return false;
    }
    let mut inside = false;
    for (_, line) in source.lines() {
        let line = line.trim_start();
        let comment = line.strip_prefix("///").or(line.strip_prefix("//!"));
        let Some(words) = comment.and_then(|text| text.trim_start().strip_prefix("```")) else {
            continue;
        };
        if inside {
            inside = false;
            continue;
        }
        inside = true;
        let runs = ["rust", "should_panic", "no_run", "compile_fail", "edition"];
        let language = words.trim();
        if language.is_empty() || runs.iter().any(|run| language.starts_with(run)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            path: "crates/gate/src/lib.rs".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn examples_that_run_are_told_from_samples_of_data() {
        let table = [
            ("/// Adds.\n/// ```\n/// f();\n/// ```\n", true),
            ("//! ```rust,no_run\n//! ```\n", true),
            ("/// ```json\n/// {}\n/// ```\n", false),
            ("/// ```text\n/// ```\n/// ```toml\n/// ```\n", false),
            ("/// ```text\n/// ```\n/// ```\n/// ```\n", true),
            ("let fence = \"```\";\n", false),
            ("// ```\n// ```\n", false),
        ];
        for (text, expected) in table {
            assert_eq!(has_doc_test(&source(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_named_package_replaces_the_workspace() {
        let table: &[(&[&str], bool)] = &[
            (&[], false),
            (&["admit"], false),
            (&["--profile", "ci"], false),
            (&["-p", "kernel"], true),
            (&["-pkernel"], true),
            (&["--package=kernel"], true),
        ];
        for (arguments, expected) in table {
            let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(names_package(&arguments), *expected, "{arguments:?}");
        }
    }

    #[test]
    fn a_browser_test_is_one_that_asks_for_chromium() {
        let asks = source("std::env::var(\"PASSERELLE_TEST_CHROMIUM\")");
        assert!(has_browser_test(&asks));
        assert!(!has_browser_test(&source("fn f() {}")));
    }
}
