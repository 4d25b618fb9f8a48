//! Progress of long work: a line on a terminal, nothing in a pipe.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Progress towards a known number of things.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Shows progress over `total` things of this name.
    #[must_use]
    pub fn new(things: &'static str, total: usize) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(things);
        Self(bar)
    }

    /// So many more are done.
    pub fn advance(&self, by: usize) {
        self.0.inc(by as u64);
    }

    /// What goes on now.
    pub fn say(&self, what: &'static str) {
        self.0.set_message(what);
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
