//! How much of its queues the outbox sends to ticketing at a time, and who is at
//! fault when ticketing refuses it.
//!
//! As long as all is well, everything goes together. What is refused is looked at
//! kind by kind, so that a season that ticketing does not know holds up nothing but
//! itself. Within a kind one goes alone first, unless ticketing has taken some of it: if
//! it takes that, the one at fault is found by halves and set aside; if it takes none, the
//! kind is at fault, which then waits and is tried now and then. One or two that stay alone for a day are at
//! fault as well, if ticketing takes others. In memory: each process finds out by itself.

use kernel::{ProductCode, SeasonCode, SectorCode, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The most control barcodes one call carries.
/// [`secutix::wire::MAX_CONTROLLED_TICKETS`] is what the interface allows.
const BATCH: u32 = 500;
/// How many go together after one was set aside: where one is, there may be more, and
/// what is taken doubles the number.
const AFTER_ONE: u32 = 16;
/// After so many that were refused alone, with none taken, it is not their fault.
const FEW: u32 = 3;
/// After so many failures in a row, the call may be their reason.
const MANY_FAILURES: u32 = 4;
/// One of which there are too few for that is at fault in the end: when it has waited so
/// long, in milliseconds, and was refused again and again while ticketing took others.
const LONE_MS: i64 = 24 * 60 * 60 * 1_000;
/// The first and the longest pause of a kind of which ticketing takes none, in
/// milliseconds.
const PAUSE_MS: (i64, i64) = (60_000, 300_000);

/// What ticketing would refuse in control barcodes that bear it: all of them, then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Where they were scanned.
    pub sector: SectorCode,
    /// What they sell.
    pub season: SeasonCode,
    /// What they sell.
    pub product: ProductCode,
}

/// What goes to ticketing together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Control barcodes of the kinds that have no lane of their own.
    Barcodes,
    /// Cancellations.
    Cancellations,
    /// Control barcodes of one kind, of which some were refused.
    Kind(Kind),
}

/// Which of a lane the next call carries.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// How many, unless in doubt.
    size: u32,
    /// Of the first so many, one is at fault.
    suspects: u32,
    /// How many single ones were refused, with none taken since.
    skip: u32,
    /// The same, not counted again when they are tried again.
    alone: u32,
    /// Whether ticketing has taken one since one was last at fault.
    proven: bool,
    /// How often all that wait were refused alone, in a row, and were [`FEW`] at most.
    rounds: u32,
    /// When what was refused alone is tried again.
    again_at: Timestamp,
    pause_ms: i64,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            size: BATCH,
            suspects: 0,
            skip: 0,
            alone: 0,
            proven: false,
            rounds: 0,
            again_at: Timestamp::MIN,
            pause_ms: PAUSE_MS.0,
        }
    }
}

/// What is to become of what was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtFault {
    /// The one that was sent is: ticketing takes others.
    Yes,
    /// Nobody knows yet.
    Unknown,
}

impl Window {
    /// Whether ticketing takes none of the lane, as far as is known.
    const fn is_in_doubt(&self) -> bool {
        self.alone > 0
    }

    /// Whether what was refused alone is not tried again yet.
    fn waits(&self, now: Timestamp) -> bool {
        // Further ahead than the longest pause: the clock was set back since.
        (1..=PAUSE_MS.1).contains(&self.again_at.ms_since(now))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.alone < FEW || !self.waits(now)
    }

    fn took(&mut self, sent: u32) {
        let suspects = if self.skip > 0 {
            // Those before it have nobody else to blame now.
            self.suspects.max(self.skip + 1) - 1
        } else {
            self.suspects.saturating_sub(sent)
        };
        *self = Self {
            size: match (self.skip, suspects) {
                (0, 0) => (self.size * 2).min(BATCH),
                (0, suspects) => (suspects / 2).max(1),
                _ => 1,
            },
            suspects,
            proven: true,
            ..Self::default()
        };
    }

    /// Whether there is nobody else of the lane to judge by, and has not been for long.
    const fn is_lone(&self, waited_ms: i64) -> bool {
        self.rounds >= FEW && waited_ms >= LONE_MS
    }

    fn refused(&mut self, sent: u32, now: Timestamp) -> AtFault {
        if sent > 1 {
            self.suspects = sent;
            self.size = if self.proven { sent / 2 } else { 1 };
            return AtFault::Unknown;
        }
        if self.proven {
            let suspects = self.suspects.saturating_sub(1);
            *self = Self {
                suspects,
                size: match (self.skip, suspects) {
                    (0, 0) => AFTER_ONE,
                    (0, suspects) => (suspects / 2).max(1),
                    _ => 1,
                },
                ..Self::default()
            };
            return AtFault::Yes;
        }
        self.skip += 1;
        self.alone += 1;
        self.again_at = now.plus_ms(self.pause_ms);
        if self.alone >= FEW {
            self.pause_ms = (self.pause_ms * 2).min(PAUSE_MS.1);
        }
        AtFault::Unknown
    }
}

/// What there is to do about a lane with nothing to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing.
    Rests,
    /// It begins anew, with what was refused.
    Again,
    /// What was in doubt is gone, and so is the trouble.
    Over,
}

/// All lanes, which take turns: with visitors at the gate there are always new control
/// barcodes, and cancellations must not wait for the evening.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// The most that a call may carry, as ticketing has said; it grows back slowly.
    largest: u32,
    cancellations: Window,
    kinds: BTreeMap<Kind, Window>,
    /// Of which kinds ticketing has taken some since one was last at fault, or since it
    /// last failed again and again.
    taken: BTreeSet<Kind>,
    served: Lane,
    /// How many calls in a row ticketing failed at, for no known reason.
    failures: u32,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            largest: BATCH,
            cancellations: Window::default(),
            kinds: BTreeMap::new(),
            taken: BTreeSet::new(),
            served: Lane::Cancellations,
            failures: 0,
        }
    }
}

impl Lanes {
    /// The lanes that may be served now, those first whose turn it is.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Lane> {
        let kinds = self.kinds.iter().filter(|(_, window)| window.is_due(now));
        let mut lanes = vec![Lane::Barcodes];
        if self.cancellations.is_due(now) {
            lanes.push(Lane::Cancellations);
        }
        lanes.extend(kinds.map(|(kind, _)| Lane::Kind(kind.clone())));
        let behind = lanes.partition_point(|lane| *lane <= self.served);
        lanes.rotate_left(behind);
        lanes
    }

    /// The kinds that have a lane of their own.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        self.kinds.keys().cloned().collect()
    }

    fn window(&mut self, lane: &Lane) -> Option<&mut Window> {
        match lane {
            Lane::Barcodes => None,
            Lane::Cancellations => Some(&mut self.cancellations),
            Lane::Kind(kind) => self.kinds.get_mut(kind),
        }
    }

    /// How many the next call of `lane` carries, and how many stay before them.
    pub(crate) fn next(&mut self, lane: &Lane) -> (u32, u32) {
        let largest = self.largest;
        match self.window(lane) {
            Some(window) if window.is_in_doubt() => (1, window.skip),
            Some(window) => (window.size.min(largest), window.skip),
            None => (largest, 0),
        }
    }

    /// There is nothing there.
    pub(crate) fn ended(&mut self, lane: &Lane, now: Timestamp) -> Ended {
        let Some(window) = self.window(lane) else {
            return Ended::Rests;
        };
        if window.skip > 0 {
            // Behind those that were refused there are no others.
            if window.waits(now) {
                return Ended::Rests;
            }
            let few = window.skip < FEW;
            window.rounds = if few {
                window.rounds.saturating_add(1)
            } else {
                0
            };
            window.skip = 0;
            return Ended::Again;
        }
        // Whatever was wrong with them is over.
        let was_in_doubt = window.is_in_doubt();
        *window = Window {
            proven: window.proven,
            ..Window::default()
        };
        if let Lane::Kind(kind) = lane {
            self.kinds.remove(kind);
        }
        match was_in_doubt {
            true => Ended::Over,
            false => Ended::Rests,
        }
    }

    pub(crate) fn serves(&mut self, lane: &Lane) {
        self.served = lane.clone();
    }

    /// Ticketing took `sent` of `lane`, which are of `kinds`.
    pub(crate) fn took(&mut self, lane: &Lane, sent: u32, kinds: impl Iterator<Item = Kind>) {
        if sent == self.largest {
            self.largest = (self.largest + 1).min(BATCH);
        }
        if *lane == Lane::Cancellations {
            return self.cancellations.took(sent);
        }
        self.taken.extend(kinds);
        // A single cancellation that is refused is at fault if ticketing takes anything.
        self.cancellations.proven = true;
        if let Lane::Kind(kind) = lane
            && let Some(window) = self.kinds.get_mut(kind)
        {
            let was_whole = window.skip == 0;
            window.took(sent);
            if was_whole && window.suspects == 0 {
                self.kinds.remove(kind);
            }
        }
    }

    /// Ticketing answers.
    pub(crate) fn answers(&mut self) {
        self.failures = 0;
    }

    /// Ticketing failed at a call; whether it has done so often enough for the call
    /// itself to be the reason. What it took before it began to fail says nothing then.
    pub(crate) fn fails_again(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures == MANY_FAILURES {
            self.taken.clear();
            let kinds = self.kinds.values_mut();
            for window in kinds.chain([&mut self.cancellations]) {
                // Where one is looked for, ticketing has taken some between failures.
                window.proven &= window.suspects > 0 || window.is_in_doubt();
            }
        }
        self.failures >= MANY_FAILURES
    }

    /// Of which of these, sent by `lane`, ticketing takes none as far as is known.
    pub(crate) fn doubted(&self, lane: &Lane, kinds: &BTreeMap<Kind, u32>) -> Vec<Lane> {
        if *lane == Lane::Cancellations {
            let doubted = self.cancellations.is_in_doubt();
            return doubted.then(|| lane.clone()).into_iter().collect();
        }
        let is_in_doubt = |kind: &&Kind| self.kinds.get(*kind).is_some_and(Window::is_in_doubt);
        let doubted = kinds.keys().filter(is_in_doubt);
        doubted.map(|kind| Lane::Kind(kind.clone())).collect()
    }

    /// Ticketing refuses calls of that size.
    pub(crate) fn too_many(&mut self, sent: u32) {
        self.largest = (sent / 2).max(1);
    }

    /// Ticketing refused a call of `lane` for what it carries, which is of `kinds`,
    /// each with its number, the oldest of `waited_ms` ago.
    pub(crate) fn refused(
        &mut self,
        lane: &Lane,
        kinds: &BTreeMap<Kind, u32>,
        waited_ms: i64,
        now: Timestamp,
    ) -> AtFault {
        let sent = kinds.values().sum();
        let takes_others = !self.taken.is_empty();
        if let Some(window) = self.window(lane) {
            window.proven |= takes_others && sent == 1 && window.is_lone(waited_ms);
            let at_fault = window.refused(sent, now);
            if let (AtFault::Yes, Lane::Kind(kind)) = (at_fault, lane) {
                self.taken.remove(kind);
            }
            return at_fault;
        }
        for kind in kinds.keys() {
            let proven = self.taken.contains(kind);
            let window = self.kinds.entry(kind.clone()).or_default();
            window.proven = proven;
        }
        match kinds.keys().next() {
            Some(kind) if kinds.len() == 1 => {
                self.refused(&Lane::Kind(kind.clone()), kinds, waited_ms, now)
            }
            // Each of them is tried by itself now.
            _ => AtFault::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
