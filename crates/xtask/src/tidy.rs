//! `cargo xtask tidy`: rules of the house that no other tool checks.
//!
//! Each rule is a function from files to findings, tested on good and bad
//! samples beside it.

mod circles;
mod code;
mod edges;
mod layout;
pub(crate) mod links;
mod manifests;
mod migrations;
mod text;

use crate::workspace;
#[cfg(test)]
use crate::workspace::Source;
use anyhow::{Result, bail};
use std::fmt;

/// The rules and their samples name what they forbid.
const RULES: &str = "crates/xtask/src/tidy/";

/// Recorded data and files made elsewhere: kept as they came.
const KEPT_AS_THEY_CAME: &[&str] = &["examples/", "crates/fuzz/seeds/", "Cargo.lock"];

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    file: String,
    line: usize,
    what: String,
    cure: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            what: what.into(),
            cure: cure.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            what,
            cure,
        } = self;
        write!(f, "{file}:{line}: {what}; {cure}")
    }
}

/// Holds the workspace against all rules and prints every finding.
///
/// # Errors
/// If there are findings, or the workspace can't be read.
pub fn run() -> Result<()> {
    let mut sources = workspace::sources()?;
    sources.retain(|source| {
        !KEPT_AS_THEY_CAME
            .iter()
            .any(|start| source.path.starts_with(start))
    });

    let mut findings = edges::broken(&edges::Package::all()?);
    findings.extend(migrations::unlisted(&sources));
    findings.extend(circles::too_large(&sources));
    let root = workspace::root();
    for source in &sources {
        findings.extend(layout::forbidden_rooms(source));
        findings.extend(layout::too_long(source));
        findings.extend(text::untidy(source));
        findings.extend(manifests::lints_not_inherited(source));
        findings.extend(links::broken(source, &|path| root.join(path).exists()));
        if !source.path.starts_with(RULES) {
            findings.extend(code::ignored_tests(source));
            findings.extend(code::sleeping_tests(source));
            findings.extend(code::unnumbered_markers(source));
            findings.extend(code::allowed_lints(source));
        }
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("{} files are tidy", sources.len());
            Ok(())
        }
        count => bail!(
            "the tree is not tidy: each of the {count} findings above names its cure; \
             CONTRIBUTING.md lists the rules"
        ),
    }
}

/// Lines of the findings of `rule` in a file at `path` that holds `text`.
#[cfg(test)]
fn lines_found(rule: fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    let source = sample(path, text);
    rule(&source)
        .into_iter()
        .map(|finding| finding.line)
        .collect()
}

#[cfg(test)]
fn sample(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
