//! Programs that a task runs, and how it tells of their failures.

use anyhow::{Context, Result, bail};
use std::process::Command;

/// Runs `command` to its end with its output captured, and returns what it
/// printed.
///
/// # Errors
/// If it can't be started, or ends with an error; what it wrote to its error
/// output is the reason given.
pub fn output(command: &mut Command, cure: &str) -> Result<String> {
    let output = command.output().with_context(|| failed(command, cure))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    bail!(
        "{}: {}\n{}\n  {cure}",
        failed(command, ""),
        output.status,
        errors.trim_end()
    )
}

/// Runs `command` to its end, with its output where ours goes.
///
/// # Errors
/// If it can't be started, or ends with an error.
pub fn run(command: &mut Command, cure: &str) -> Result<()> {
    let status = command.status().with_context(|| failed(command, cure))?;
    if status.success() {
        return Ok(());
    }
    bail!("{}: {status}\n  {cure}", failed(command, ""))
}

fn failed(command: &Command, cure: &str) -> String {
    let separator = if cure.is_empty() { "" } else { "; " };
    format!("`{}` failed{separator}{cure}", shown(command))
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        words.push(if argument.contains([' ', '&', '|', '(', '*', '\'']) {
            format!("'{}'", argument.replace('\'', r"'\''"))
        } else {
            argument.into_owned()
        });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named_with_what_it_wrote() {
        let error = output(
            Command::new("sh").args(["-c", "echo no luck >&2; exit 3"]),
            "try again",
        )
        .unwrap_err()
        .to_string();
        assert!(error.starts_with("`sh -c 'echo no luck"), "{error}");
        assert!(error.contains("no luck\n  try again"), "{error}");
        assert!(error.contains('3'), "{error}");
    }

    #[test]
    fn a_missing_program_is_an_error_and_not_a_panic() {
        let error = run(&mut Command::new("/no/such/program"), "install it").unwrap_err();
        assert!(error.to_string().contains("/no/such/program"), "{error}");
    }

    #[test]
    fn arguments_are_quoted_where_a_shell_needs_it() {
        let mut command = Command::new("cargo");
        command.args(["nextest", "run", "-E", "test(it's)"]);
        assert_eq!(shown(&command), r"cargo nextest run -E 'test(it'\''s)'");
    }
}
