//! The repeat window over this device's own admissions, for decisions without
//! network: pure.

use crate::journal::Entry;
use kernel::{CardNumber, CheckId, Timestamp};

#[derive(Debug, Default)]
pub(super) struct Recent {
    entries: Vec<Entry>,
}

impl Recent {
    pub(super) fn enter(&mut self, entry: &Entry) {
        if !self.entries.iter().any(|known| known.check == entry.check) {
            self.entries.push(entry.clone());
        }
    }

    pub(super) fn cancel(&mut self, check: CheckId) {
        self.entries.retain(|entry| entry.check != check);
    }

    /// Whoever leaves has been in: the window is over.
    pub(super) fn left(&mut self, card: &CardNumber) {
        self.entries.retain(|entry| entry.card != *card);
    }

    pub(super) fn has(&self, card: &CardNumber, at: Timestamp, window_ms: i64) -> bool {
        let within = |entry: &Entry| at.ms_since(entry.at).abs() <= window_ms;
        window_ms > 0 && self.entries.iter().any(|e| e.card == *card && within(e))
    }

    pub(super) fn forget_before(&mut self, at: Timestamp) {
        self.entries.retain(|entry| entry.at >= at);
    }
}
