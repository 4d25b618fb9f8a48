//! `cargo xtask simulate`.

use crate::command::run;
use crate::workspace::{built, cargo};
use anyhow::Result;

/// What to do when a story broke a rule.
const STORY: &str =
    "the story above says what broke a rule; docs/simulation.md says how to read it";

/// Runs the operation simulation as the tests were built: slower than
/// [`simulate`], but nothing has to be built for it once more.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_as_tested(arguments: &[&str]) -> Result<()> {
    run(built(&["simulation"])?.args(arguments), STORY)
}

/// Runs the operation simulation, optimised; `arguments` go to it.
///
/// # Errors
/// If it cannot be built, or a story breaks a rule.
pub fn simulate(arguments: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--profile", "simulation"]);
    command.args(["--package", "simulation", "--"]);
    run(command.args(arguments), STORY)
}
