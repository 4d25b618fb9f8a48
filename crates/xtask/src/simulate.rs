//! `cargo xtask simulate`.

use crate::failure::{Failure, run};
use crate::workspace::cargo;

/// Runs the operation simulation; `arguments` go to it.
///
/// # Errors
/// If it cannot be built, or a story breaks a rule.
pub fn simulate(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--profile", "simulation"]);
    command.args(["--package", "simulation", "--"]);
    run(
        command.args(arguments),
        "the story above says what broke a rule; docs/simulation.md says how to read it",
    )
}
