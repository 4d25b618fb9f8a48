//! `cargo xtask fuzz`.

use crate::command::run;
use crate::workspace::cargo;
use anyhow::Result;
use std::process::Command;

/// Feeds made-up input to everything that reads; `arguments` go to it. As the tests
/// are built: what overflows or breaks an assertion ends it.
///
/// # Errors
/// If it cannot be built, or a target does not stand an input.
pub fn fuzz(arguments: &[&str]) -> Result<()> {
    // The device API's target starts the program beside it.
    let mut build = cargo();
    build.args([
        "build",
        "--quiet",
        "--workspace",
        "--bin",
        "passerelle",
        "--bin",
        "fuzz",
    ]);
    run(&mut build, "")?;
    // Beside this program, as what was built with it.
    let program = std::env::current_exe()?;
    let program = program.with_file_name(format!("fuzz{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(program);
    run(
        command.args(arguments),
        "crates/fuzz/src/main.rs says where the input is kept",
    )
}
