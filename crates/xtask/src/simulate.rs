//! `cargo xtask simulate`.

use crate::command::run;
use crate::workspace::cargo;
use anyhow::Result;
use std::process::Command;

/// What to do when a story broke a rule.
const STORY: &str =
    "the story above says what broke a rule; docs/simulation.md says how to read it";

/// Runs the operation simulation as the tests were built: slower than
/// [`simulate`], but nothing has to be built for it once more.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_as_tested(arguments: &[&str]) -> Result<()> {
    // With the workspace, so that all it uses has been built with its features.
    let mut build = cargo();
    build.args(["build", "--quiet", "--workspace", "--bin", "simulation"]);
    run(&mut build, "")?;
    // Beside this program.
    let program = std::env::current_exe()?;
    let program = program.with_file_name(format!("simulation{}", std::env::consts::EXE_SUFFIX));
    run(Command::new(program).args(arguments), STORY)
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
