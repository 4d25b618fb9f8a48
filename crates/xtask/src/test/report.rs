use anyhow::{Result, anyhow};
use std::fmt;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// What the steps did and how long they took, told on the error output, where
/// cargo tells its own.
pub struct Report {
    colour: Colour,
    steps: Vec<(&'static str, Outcome, Duration)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// It could not be done here, for this consequence.
    LeftOut(&'static str),
    Failed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Colour {
    Plain,
    Coloured,
}

impl Report {
    /// Nothing done yet.
    pub fn new() -> Self {
        let wish = std::env::var("CARGO_TERM_COLOR").ok();
        Self {
            colour: Colour::wished(wish.as_deref(), io::stderr().is_terminal()),
            steps: Vec::new(),
        }
    }

    /// Does `work` under the name `name`; `by_hand` is the command that repeats
    /// it.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn step(
        &mut self,
        name: &'static str,
        by_hand: &str,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        self.step_or_left_out(name, by_hand, || work().map(|()| None))
    }

    /// As [`Report::step`], for work that is not possible everywhere: it says
    /// what follows from leaving it out.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn step_or_left_out(
        &mut self,
        name: &'static str,
        by_hand: &str,
        work: impl FnOnce() -> Result<Option<&'static str>>,
    ) -> Result<()> {
        eprintln!("{}", self.colour.bold(&format!("── {name}")));
        let start = Instant::now();
        let done = work();
        let outcome = match done {
            Ok(None) => Outcome::Passed,
            Ok(Some(consequence)) => Outcome::LeftOut(consequence),
            Err(_) => Outcome::Failed,
        };
        self.steps.push((name, outcome, start.elapsed()));
        done.map(drop).map_err(|failure| {
            anyhow!("the step \"{name}\" failed: {failure:#}\n  by hand: {by_hand}")
        })
    }

    /// One line a step.
    pub fn print(&self) {
        eprintln!();
        for line in self.lines() {
            eprintln!("{line}");
        }
        let total = self.steps.iter().map(|(_, _, time)| *time).sum();
        eprintln!("{:<17} {:>8}", "together", Seconds(total).to_string());
    }

    fn lines(&self) -> Vec<String> {
        let line = |(name, outcome, time): &(&str, Outcome, Duration)| {
            let (word, consequence) = match outcome {
                Outcome::Passed => (self.colour.green("passed"), ""),
                Outcome::LeftOut(consequence) => (self.colour.red("NOT DONE"), *consequence),
                Outcome::Failed => (self.colour.red("FAILED"), ""),
            };
            let line = format!("{name:<10} {word} {:>8}", Seconds(*time).to_string());
            format!("{line}  {consequence}").trim_end().to_owned()
        };
        self.steps.iter().map(line).collect()
    }
}

impl Colour {
    fn wished(wish: Option<&str>, terminal: bool) -> Self {
        match (wish, terminal) {
            (Some("always"), _) => Self::Coloured,
            (Some("never"), _) | (_, false) => Self::Plain,
            (_, true) => Self::Coloured,
        }
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// To a tenth of a second.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.as_millis() / 100;
        write!(f, "{}.{} s", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn a_failing_step_says_how_to_repeat_it() {
        let mut report = Report::new();
        report.step("format", "cargo fmt", || Ok(())).unwrap();
        let failure = report
            .step("tidy", "cargo xtask tidy", || {
                bail!("the tree is not tidy: 2 findings")
            })
            .unwrap_err()
            .to_string();
        assert!(failure.contains("\"tidy\""), "{failure}");
        assert!(failure.contains("2 findings"), "{failure}");
        assert!(failure.ends_with("by hand: cargo xtask tidy"), "{failure}");
        let outcomes: Vec<bool> = report
            .steps
            .iter()
            .map(|(_, outcome, _)| *outcome == Outcome::Passed)
            .collect();
        assert_eq!(outcomes, [true, false]);
    }

    #[test]
    fn what_was_left_out_is_named_with_its_consequence() {
        let mut report = Report::new();
        report.colour = Colour::Plain;
        report.step("format", "cargo fmt", || Ok(())).unwrap();
        report
            .step_or_left_out("decoder", "cargo xtask decoder", || Ok(Some("no camera")))
            .unwrap();
        let lines = report.lines();
        assert!(lines[0].ends_with(" s"), "{lines:?}");
        assert!(lines[1].contains("NOT DONE"), "{lines:?}");
        assert!(lines[1].ends_with("  no camera"), "{lines:?}");
    }

    #[test]
    fn colour_follows_cargo() {
        use Colour::{Coloured, Plain};
        let table = [
            (None, true, Coloured),
            (None, false, Plain),
            (Some("auto"), true, Coloured),
            (Some("auto"), false, Plain),
            (Some("always"), false, Coloured),
            (Some("never"), true, Plain),
        ];
        for (wish, terminal, expected) in table {
            assert_eq!(
                Colour::wished(wish, terminal),
                expected,
                "{wish:?} {terminal}"
            );
        }
    }

    #[test]
    fn seconds_have_one_decimal() {
        let table = [(0, "0.0 s"), (1_950, "1.9 s"), (61_200, "61.2 s")];
        for (millis, expected) in table {
            assert_eq!(Seconds(Duration::from_millis(millis)).to_string(), expected);
        }
    }
}
