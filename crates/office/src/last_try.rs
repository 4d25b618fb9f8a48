//! How the line to Otipass was last tried, kept for all who ask.

use gate::site::interface::StoredInterface;
use kernel::{Phrase, Timestamp};

/// How long a try is good, in milliseconds.
const GOOD_MS: i64 = 60_000;

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Otipass answered.
    Well,
    /// Somebody answers there; the rest is tried once the mapping parameters name
    /// the project.
    Reached,
    /// What is wrong, and what to do.
    Bad(Phrase),
}

/// A try.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    pub(crate) at: Timestamp,
    /// The interface that was tried, as it counts its changes.
    pub(crate) revision: i64,
    pub(crate) line: Line,
}

/// A connection that gave way to one that does not work, and can be put back.
#[derive(Debug)]
pub(crate) struct Former {
    /// The revision of the interface that is in its place.
    pub(crate) replaced_by: i64,
    pub(crate) interface: StoredInterface,
}

impl Tried {
    /// Whether it still tells of the interface of this revision.
    pub(crate) fn is_good(&self, revision: i64, now: Timestamp) -> bool {
        self.revision == revision && (0..GOOD_MS).contains(&now.ms_since(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_is_good_for_a_minute_and_for_what_was_tried() {
        let at = Timestamp::from_millis_clamped(1_784_019_600_000);
        let (revision, line) = (7, Line::Well);
        let tried = Tried { at, revision, line };
        assert!(tried.is_good(7, at) && tried.is_good(7, at.plus_ms(59_999)));
        assert!(!tried.is_good(7, at.plus_ms(60_000)) && !tried.is_good(8, at));
        assert!(!tried.is_good(7, at.plus_ms(-1)), "the clock was set back");
    }
}
