//! `cargo xtask fuzz`.

use crate::command::run;
use crate::workspace::built;
use anyhow::Result;

/// Feeds made-up input to everything that reads; `arguments` go to it. As the tests
/// are built: what overflows or breaks an assertion ends it.
///
/// # Errors
/// If it cannot be built, or a target does not stand an input.
pub fn fuzz(arguments: &[&str]) -> Result<()> {
    // The device API's target starts the program beside it.
    let mut command = built(&["fuzz", "passerelle"])?;
    run(
        command.args(arguments),
        "crates/fuzz/src/main.rs says where the input is kept",
    )
}
