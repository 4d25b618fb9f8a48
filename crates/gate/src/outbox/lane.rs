//! How much of its queues the outbox sends to ticketing at a time, and who is at
//! fault when ticketing refuses it.
//!
//! As long as all is well, everything goes together. What is refused is looked at
//! kind by kind, so that a season that ticketing does not know holds up nothing but
//! itself. Within a kind one goes alone first: if ticketing takes it, the one at fault
//! is found by halves and set aside; if it takes none, the kind is at fault, which
//! then waits and is tried now and then. In memory: each process finds out by itself.

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

    fn is_due(&self, now: Timestamp) -> bool {
        // Further ahead than the longest pause: the clock was set back since.
        let impossible = self.again_at.ms_since(now) > PAUSE_MS.1;
        self.alone < FEW || now >= self.again_at || impossible
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
    /// Of which kinds ticketing has taken some since one was last at fault.
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
            if now < window.again_at {
                return Ended::Rests;
            }
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
    /// itself to be the reason.
    pub(crate) fn fails_again(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures >= MANY_FAILURES
    }

    /// Whether ticketing has taken some of this kind since one was last at fault.
    pub(crate) fn is_proven(&self, kind: &Kind) -> bool {
        self.taken.contains(kind)
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
    /// each with its number.
    pub(crate) fn refused(
        &mut self,
        lane: &Lane,
        kinds: &BTreeMap<Kind, u32>,
        now: Timestamp,
    ) -> AtFault {
        let sent = kinds.values().sum();
        if let Some(window) = self.window(lane) {
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
            Some(kind) if kinds.len() == 1 => self.refused(&Lane::Kind(kind.clone()), kinds, now),
            // Each of them is tried by itself now.
            _ => AtFault::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::MIN;

    fn kind(product: &str) -> Kind {
        Kind {
            sector: "VN_AUG".parse().unwrap(),
            season: "VN26".parse().unwrap(),
            product: product.parse().unwrap(),
        }
    }

    /// A queue of barcodes, by kind, at a ticketing with a rule of its own.
    struct Queue {
        lanes: Lanes,
        waiting: Vec<(usize, &'static str)>,
        taken: Vec<usize>,
        set_aside: Vec<usize>,
        calls: usize,
        now: Timestamp,
    }

    impl Queue {
        fn new(kinds: impl IntoIterator<Item = &'static str>) -> Self {
            Self {
                lanes: Lanes::default(),
                waiting: kinds.into_iter().enumerate().collect(),
                taken: Vec::new(),
                set_aside: Vec::new(),
                calls: 0,
                now: START,
            }
        }

        /// One call, if one is due.
        fn call(&mut self, takes: impl Fn(usize, &str) -> bool) -> bool {
            for lane in self.lanes.due(self.now) {
                let own = self.lanes.kinds();
                let of_lane = |of: &str| match &lane {
                    Lane::Barcodes => !own.contains(&kind(of)),
                    Lane::Kind(own) => *own == kind(of),
                    Lane::Cancellations => false,
                };
                let mut batch: Vec<(usize, &'static str)>;
                loop {
                    let (size, skip) = self.lanes.next(&lane);
                    let [size, skip] = [size, skip].map(|n| usize::try_from(n).unwrap());
                    let queue = self.waiting.iter().filter(|(_, of)| of_lane(of));
                    batch = queue.copied().skip(skip).take(size).collect();
                    if !batch.is_empty() || self.lanes.ended(&lane, self.now) != Ended::Again {
                        break;
                    }
                }
                if batch.is_empty() {
                    continue;
                }
                self.calls += 1;
                self.lanes.serves(&lane);
                let mut kinds = BTreeMap::new();
                for (_, of) in &batch {
                    *kinds.entry(kind(of)).or_default() += 1;
                }
                let sent = kinds.values().sum();
                let gone = if batch.iter().all(|(n, of)| takes(*n, of)) {
                    self.lanes.took(&lane, sent, kinds.into_keys());
                    self.taken.extend(batch.iter().map(|(n, _)| n));
                    true
                } else if self.lanes.refused(&lane, &kinds, self.now) == AtFault::Yes {
                    self.set_aside.extend(batch.iter().map(|(n, _)| n));
                    true
                } else {
                    false
                };
                if gone {
                    self.waiting.retain(|waiting| !batch.contains(waiting));
                }
                return true;
            }
            false
        }

        fn run(&mut self, takes: impl Fn(usize, &str) -> bool) {
            while self.call(&takes) {
                assert!(self.calls < 2_000, "it never comes to rest");
            }
        }
    }

    /// However long the queue, those at fault are found, and no others.
    #[test]
    fn the_one_at_fault_is_found_and_nothing_waits_behind_it() {
        for (length, at_fault, calls) in [
            (2, vec![0], 6),
            (2, vec![1], 6),
            (7, vec![3], 10),
            (500, vec![0], 25),
            (500, vec![321], 25),
            (900, vec![899], 25),
            (900, vec![3, 400, 401], 60),
        ] {
            let mut queue = Queue::new(vec!["PASSVN"; length]);
            queue.run(|n, _| !at_fault.contains(&n));
            let mut set_aside = queue.set_aside.clone();
            set_aside.sort_unstable();
            assert_eq!(set_aside, at_fault, "{length}");
            assert_eq!(queue.taken.len(), length - at_fault.len());
            assert!(queue.waiting.is_empty());
            assert!(queue.calls <= calls, "{length}: {} calls", queue.calls);
            assert!(queue.lanes.kinds().is_empty(), "all is well again");
        }
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_no_lane_waiting() {
        let mut queue = Queue::new(["PASSVN"; 500]);
        queue.now = START.plus_ms(172_800_000);
        queue.run(|_, _| false);
        let calls = queue.calls;
        queue.now = START;
        queue.run(|_, _| true);
        assert!(queue.calls > calls);
        assert_eq!(queue.taken.len(), 500);
    }

    #[test]
    fn ticketing_that_refuses_everything_sets_nothing_aside_and_is_hardly_called() {
        let mut queue = Queue::new(["PASSVN"; 500]);
        queue.run(|_, _| false);
        assert_eq!(queue.calls, 4, "the batch, and three alone");
        let mut calls = Vec::new();
        for _ in 0..120 {
            queue.now = queue.now.plus_ms(30_000);
            let before = queue.calls;
            queue.run(|_, _| false);
            calls.push(queue.calls - before);
        }
        assert!(calls.iter().sum::<usize>() < 20, "in an hour: {calls:?}");
        assert!(queue.set_aside.is_empty());
        // It takes them at last, whatever was wrong with it.
        queue.now = queue.now.plus_ms(PAUSE_MS.1);
        queue.run(|_, _| true);
        assert_eq!((queue.taken.len(), queue.set_aside.len()), (500, 0));
    }

    #[test]
    fn a_season_that_ticketing_does_not_know_holds_up_nothing_but_itself() {
        let kinds = ["GOOD", "BAD", "OTHER"];
        let mut queue = Queue::new((0..600).map(|n| kinds[n % 3]));
        queue.run(|_, of| of != "BAD");
        assert_eq!((queue.taken.len(), queue.waiting.len()), (400, 200));
        assert!(queue.set_aside.is_empty());
        assert!(queue.calls <= 10, "{} calls", queue.calls);
        assert_eq!(queue.lanes.kinds(), [kind("BAD")]);
        queue.now = queue.now.plus_ms(PAUSE_MS.1);
        queue.run(|_, _| true);
        assert_eq!((queue.taken.len(), queue.waiting.len()), (600, 0));
        assert!(queue.lanes.kinds().is_empty());
    }

    #[test]
    fn one_that_is_refused_alone_waits_for_another_to_be_judged_by() {
        let mut queue = Queue::new(["PASSVN"]);
        queue.run(|n, _| n != 0);
        assert_eq!((queue.calls, queue.set_aside.len()), (1, 0));
        // The next visitor is not kept waiting by it.
        queue.waiting.push((1, "PASSVN"));
        queue.run(|n, _| n != 0);
        assert_eq!((queue.taken, queue.set_aside), (vec![1], vec![0]));
    }

    #[test]
    fn three_bad_ones_in_front_do_not_hide_the_good_ones() {
        let mut queue = Queue::new(["PASSVN"; 10]);
        queue.run(|n, _| n > 3);
        assert_eq!(queue.taken.len(), 0, "it looks as if all were refused");
        for _ in 0..10 {
            queue.now = queue.now.plus_ms(PAUSE_MS.1);
            queue.run(|n, _| n > 3);
        }
        assert_eq!(queue.taken.len(), 6);
        assert_eq!(queue.set_aside.len(), 4);
    }

    #[test]
    fn a_season_that_ends_costs_one_barcode_at_most() {
        let mut queue = Queue::new(["PASSVN"; 3]);
        queue.run(|_, _| true);
        queue.waiting = (3..9).map(|n| (n, "PASSVN")).collect();
        queue.run(|_, _| false);
        assert!(queue.set_aside.len() <= 1, "{:?}", queue.set_aside);
        assert!(queue.waiting.len() >= 5);
    }

    #[test]
    fn calls_that_are_too_large_become_smaller_and_nobody_is_at_fault() {
        let mut lanes = Lanes::default();
        for (sent, largest) in [(500, 250), (250, 125), (1, 1)] {
            lanes.too_many(sent);
            assert_eq!(lanes.next(&Lane::Barcodes), (largest, 0));
        }
        lanes.took(&Lane::Barcodes, 1, [kind("PASSVN")].into_iter());
        assert_eq!(lanes.next(&Lane::Barcodes), (2, 0));
    }

    #[test]
    fn lanes_take_turns() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.due(START), [Lane::Barcodes, Lane::Cancellations]);
        lanes.serves(&Lane::Barcodes);
        assert_eq!(lanes.due(START), [Lane::Cancellations, Lane::Barcodes]);
        let kinds = [(kind("A"), 1), (kind("B"), 1)].into();
        let at_fault = lanes.refused(&Lane::Barcodes, &kinds, START);
        assert_eq!(at_fault, AtFault::Unknown);
        let [a, b] = ["A", "B"].map(|product| Lane::Kind(kind(product)));
        lanes.serves(&a);
        let order = [b, Lane::Barcodes, Lane::Cancellations, a];
        assert_eq!(lanes.due(START), order);
    }
}
