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
    waited_ms: i64,
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
            waited_ms: 0,
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
            } else if self.lanes.refused(&lane, &kinds, self.waited_ms, self.now) == AtFault::Yes {
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
    for length in [1, 2, 500] {
        let mut queue = Queue::new(vec!["PASSVN"; length]);
        queue.now = START.plus_ms(172_800_000);
        queue.run(|_, _| false);
        queue.now = START;
        queue.run(|_, _| true);
        assert_eq!(queue.taken.len(), length);
    }
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
fn one_that_stays_alone_is_set_aside_after_a_day_if_ticketing_takes_others() {
    for (others, wait, waited_ms, expected) in [
        (true, 1, LONE_MS, vec![0]),
        (true, 2, LONE_MS, vec![0, 1]),
        (true, 1, LONE_MS - 1, vec![]),
        // A season that nobody entered yet, and a ticketing that takes nothing.
        (true, 3, LONE_MS, vec![]),
        (false, 1, LONE_MS, vec![]),
    ] {
        let mut queue = Queue::new(vec!["LONE"; wait]);
        queue.waited_ms = waited_ms;
        queue.run(|_, _| false);
        for n in 0..40 {
            if others {
                queue.waiting.push((100 + n, "OTHER"));
            }
            queue.now = queue.now.plus_ms(PAUSE_MS.1);
            queue.run(|_, of| of == "OTHER");
        }
        assert_eq!(queue.set_aside, expected, "{others} {wait} {waited_ms}");
    }
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
    let at_fault = lanes.refused(&Lane::Barcodes, &kinds, 0, START);
    assert_eq!(at_fault, AtFault::Unknown);
    let [a, b] = ["A", "B"].map(|product| Lane::Kind(kind(product)));
    lanes.serves(&a);
    let order = [b, Lane::Barcodes, Lane::Cancellations, a];
    assert_eq!(lanes.due(START), order);
}
