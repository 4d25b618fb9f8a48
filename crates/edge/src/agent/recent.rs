//! The repeat window over this device's own admissions: without network, and as long as
//! the server has not heard of them. Pure.

use super::Agent;
use super::timekeeper::Timekeeper;
use crate::journal::{Attempt, Entry};
use deviceapi::Direction;
use gate::decide::joining::Subject;
use kernel::{CardNumber, CheckId};
use std::collections::HashSet;

#[derive(Debug, Default)]
pub(super) struct Recent {
    entries: Vec<Entry>,
    /// Those of them that the server knows.
    heard: HashSet<CheckId>,
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

    /// The server knows of this check.
    pub(super) fn heard(&mut self, check: CheckId) {
        if self.entries.iter().any(|entry| entry.check == check) {
            self.heard.insert(check);
        }
    }

    pub(super) fn has(&self, card: &CardNumber, scan: &Attempt, window_ms: i64) -> bool {
        self.within(card, scan, window_ms).next().is_some()
    }

    /// As [`has`](Self::has), by an entry that the server has not heard of.
    pub(super) fn has_unheard(&self, card: &CardNumber, scan: &Attempt, window_ms: i64) -> bool {
        let mut within = self.within(card, scan, window_ms);
        within.any(|entry| !self.heard.contains(&entry.check))
    }

    fn within(
        &self,
        card: &CardNumber,
        scan: &Attempt,
        window_ms: i64,
    ) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| {
            // By the clock that is never set, if the machine was not started in between.
            let apart_ms = scan.clocks.age_ms(entry.clocks);
            let apart_ms = apart_ms.unwrap_or_else(|| scan.at.ms_since(entry.at));
            window_ms > 0 && entry.card == *card && apart_ms.abs() <= window_ms
        })
    }

    /// Forgets what is longer ago than the window.
    pub(super) fn forget_old(&mut self, time: &Timekeeper, window_ms: i64) {
        let is_within = |entry: &Entry| time.since(entry.at, entry.clocks) <= window_ms;
        self.entries.retain(is_within);
        let known: HashSet<_> = self.entries.iter().map(|entry| entry.check).collect();
        self.heard.retain(|check| known.contains(check));
    }
}

impl Agent {
    /// Whether this device has admitted the card just now, and the server has not heard
    /// of it: it would admit it once more.
    pub(super) fn knows_better(&self, id: CheckId) -> bool {
        self.live.get(&id).is_some_and(|live| {
            let Subject::Card(card) = &live.subject else {
                return false;
            };
            live.attempt.request.direction == Direction::Entry
                && !self.is_one_more(id)
                && (self.recent).has_unheard(card, &live.attempt, self.window_ms())
        })
    }

    /// For how long a card that was admitted here is not admitted again.
    pub(super) fn window_ms(&self) -> i64 {
        self.snapshot.as_ref().map_or(0, |s| s.repeat_window_ms)
    }
}
