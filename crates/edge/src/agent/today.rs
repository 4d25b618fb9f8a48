//! Who was let in here today: pure.

use crate::journal::Entry;
use kernel::{BusinessDay, CardNumber, CheckId};
use std::collections::HashSet;

#[derive(Debug, Default)]
pub(crate) struct Today {
    day: Option<BusinessDay>,
    entries: Vec<Entry>,
    checks: HashSet<CheckId>,
    reopened: usize,
    not_passed: usize,
}

impl Today {
    /// Begins anew if another day has come.
    pub(super) fn turn(&mut self, day: BusinessDay) {
        if self.day != Some(day) {
            *self = Self {
                day: Some(day),
                ..Self::default()
            };
        }
    }

    /// Counts an entry once.
    pub(super) fn enter(&mut self, entry: &Entry) {
        if self.checks.insert(entry.check) {
            self.entries.push(entry.clone());
        }
    }

    pub(super) fn cancel(&mut self, check: CheckId) {
        // It stays among the checks: it does not come back.
        self.entries.retain(|entry| entry.check != check);
    }

    pub(super) fn has(&self, card: &CardNumber) -> bool {
        self.entries.iter().any(|entry| entry.card == *card)
    }

    /// The door was opened once more under a check.
    pub(super) const fn reopened(&mut self) {
        self.reopened += 1;
    }

    /// Nobody went through an open door.
    pub(super) const fn not_passed(&mut self) {
        self.not_passed += 1;
    }

    /// How often the door was opened once more, and how often nobody went through.
    pub(crate) const fn passages(&self) -> (usize, usize) {
        (self.reopened, self.not_passed)
    }

    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }
}
