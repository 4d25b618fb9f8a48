//! What goes wrong in a task, as a person should read it.

use std::fmt;
use std::process::Command;

/// A task could not be done.
#[derive(Debug)]
pub struct Failure {
    what: String,
    why: String,
    cure: String,
}

impl Failure {
    /// What happened, why, and what to do about it; each a phrase without a
    /// full stop.
    pub fn new(what: impl fmt::Display, why: impl fmt::Display, cure: impl fmt::Display) -> Self {
        Self {
            what: what.to_string(),
            why: why.to_string(),
            cure: cure.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  {}", self.what, self.why, self.cure)
    }
}

impl std::error::Error for Failure {}

/// Runs `command` to its end with its output captured, and returns what it
/// printed.
///
/// # Errors
/// If it can't be started, or ends with an error; what it wrote to its error
/// output is the reason given.
pub fn output(command: &mut Command, cure: &str) -> Result<String, Failure> {
    let what = format!("`{}` failed", shown(command));
    let output = command
        .output()
        .map_err(|error| Failure::new(&what, error, cure))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let why = format!("{}\n{}", output.status, errors.trim_end());
    Err(Failure::new(what, why.trim_end(), cure))
}

/// Runs `command` to its end, with its output where ours goes.
///
/// # Errors
/// If it can't be started, or ends with an error.
pub fn run(command: &mut Command, cure: &str) -> Result<(), Failure> {
    let what = format!("`{}` failed", shown(command));
    let status = command
        .status()
        .map_err(|error| Failure::new(&what, error, cure))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(what, status, cure))
    }
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
