//! The workspace as the tasks see it: its folder, its files, its cargo.

use crate::command::{output, run};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A text file that git tracks.
pub struct Source {
    /// Below the workspace's folder, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// Whether the name ends in one of `extensions`, given without the dot.
    pub fn is_any(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path)
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| extensions.contains(&extension))
    }

    /// The lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Cargo, in the workspace's folder.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    // Cargo describes this package to us by variables. Some build scripts read
    // the same ones, and would run again whenever they come and go.
    for (name, _) in std::env::vars_os() {
        let described = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if described {
            command.env_remove(name);
        }
    }
    command
}

/// What git says in the workspace's folder.
///
/// # Errors
/// If git fails, such as where this is no checkout.
pub fn git(arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(arguments);
    output(&mut git, "run it in a git checkout")
}

/// Builds these programs as the tests were built, and gives the first of them.
///
/// # Errors
/// If they cannot be built.
pub fn built(programs: &[&str]) -> Result<Command> {
    // With the workspace, so that all they use has been built with its features.
    let mut build = cargo();
    build.args(["build", "--quiet", "--workspace"]);
    build.args(programs.iter().flat_map(|program| ["--bin", program]));
    run(&mut build, "")?;
    // Beside this program.
    let name = programs.first().copied().unwrap_or_default();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(Command::new(std::env::current_exe()?.with_file_name(name)))
}

/// The text files that git tracks, in order of their paths.
///
/// # Errors
/// If this is no git checkout, or a file can't be read.
pub fn sources() -> Result<Vec<Source>> {
    let root = root();
    let listed = git(&["ls-files", "-z"])?;
    let mut sources = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let file = root.join(path);
        // Deleted and not yet committed, or a link to a folder.
        if !file.is_file() {
            continue;
        }
        let bytes = fs::read(&file).with_context(|| format!("{path} can't be read"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            sources.push(Source {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(sources)
}
