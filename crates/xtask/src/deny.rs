//! `cargo xtask deny`: what is built in, as `deny.toml` judges it.

use crate::command::run;
use crate::workspace::cargo;
use anyhow::Result;
use std::process::Stdio;

/// Holds all that is built in against `deny.toml`. Advisories need the network, and
/// are for whoever has it: `cargo deny check advisories`.
///
/// # Errors
/// If cargo-deny is missing, or something is not allowed.
pub fn check() -> Result<()> {
    let mut deny = cargo();
    deny.args(["deny", "--offline", "check", "bans", "licenses", "sources"]);
    run(
        &mut deny,
        "cargo install cargo-deny --locked; deny.toml says what is allowed and why",
    )
}

/// Whether cargo-deny is installed.
#[must_use]
pub fn is_there() -> bool {
    cargo()
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
