//! The time of scans: pure.
//!
//! Scan times go into control barcodes and must not run backwards within one
//! run of the agent. If the machine's clock is set back, the agent goes on by
//! the monotonic clock until the machine's clock has caught up or the agent is
//! started again. If it is set forward, the agent follows.

use kernel::Timestamp;

/// The machine's clock and the monotonic one, read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The machine's clock.
    pub wall: Timestamp,
    /// Milliseconds since some fixed moment of this run; never set.
    pub up_ms: u64,
}

impl Moment {
    /// Milliseconds of the monotonic clock since `earlier`.
    #[must_use]
    pub fn ms_since(self, earlier: Moment) -> i64 {
        signed(self.up_ms) - signed(earlier.up_ms)
    }
}

/// A jump of the machine's clock that people should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// What the clock showed after it.
    pub to: Timestamp,
    /// By how much, in milliseconds; negative if it was set back.
    pub by_ms: i64,
}

/// How far a clock may be off before people are told: the doctor's limit.
const SHOWN_MS: i64 = 30_000;
/// What is less is the machine's clock being steered, not set.
const SET_MS: i64 = 1_000;

#[derive(Debug)]
pub(crate) struct Timekeeper {
    seen: Moment,
    /// What our time is ahead of the machine's clock, since that was set back.
    ahead_ms: i64,
    last_scan: Timestamp,
    jump: Option<Jump>,
}

impl Timekeeper {
    pub(crate) const fn new(now: Moment) -> Self {
        Self {
            seen: now,
            ahead_ms: 0,
            last_scan: Timestamp::MIN,
            jump: None,
        }
    }

    /// Looks at the clocks; to be called at least every few seconds.
    pub(crate) fn look(&mut self, now: Moment) {
        let by_ms = now.wall.ms_since(self.seen.wall) - now.ms_since(self.seen);
        self.seen = now;
        if by_ms.abs() <= SET_MS {
            return;
        }
        self.ahead_ms = (self.ahead_ms - by_ms).max(0);
        if by_ms.abs() > SHOWN_MS {
            let to = now.wall;
            self.jump = Some(Jump { to, by_ms });
        }
    }

    /// Our time.
    pub(crate) fn now(&self) -> Timestamp {
        self.seen.wall.plus_ms(self.ahead_ms)
    }

    /// The time of a scan now: later than that of any scan before.
    pub(crate) fn scan(&mut self) -> Timestamp {
        self.last_scan = self.now().max(self.last_scan.plus_ms(1));
        self.last_scan
    }

    /// The last jump that people should know of.
    pub(crate) const fn jump(&self) -> Option<Jump> {
        self.jump
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(wall_ms: i64, up_ms: u64) -> Moment {
        let start: Timestamp = "2026-07-14T07:00:00.000Z".parse().unwrap();
        Moment {
            wall: start.plus_ms(wall_ms),
            up_ms,
        }
    }

    #[test]
    fn our_time_does_not_follow_a_clock_that_is_set_back() {
        let hour = 3_600_000;
        let mut time = Timekeeper::new(at(0, 0));
        // The machine's clock, the monotonic one, ours, and the jump shown.
        for (wall, up, ours, jump) in [
            (1_000, 1_000, 1_000, None),
            (2_300, 2_000, 2_300, None), // steered, not set
            (2_900, 3_000, 2_900, None),
            (2_900 - hour + 1_000, 4_000, 3_900, Some(-hour)),
            (2_900 - hour + 2_000, 5_000, 4_900, Some(-hour)),
            (2_900 + 3_000, 6_000, 5_900, Some(hour)), // and put right again
            (hour + 5_900 + 1_000, 7_000, hour + 6_900, Some(hour)),
            (hour + 6_900 + 21_000, 8_000, hour + 27_900, Some(hour)), // 20 s: not shown
        ] {
            time.look(at(wall, up));
            assert_eq!(time.now(), at(ours, 0).wall, "{wall} {up}");
            assert_eq!(time.jump().map(|jump| jump.by_ms), jump, "{wall} {up}");
        }
    }

    proptest! {
        #[test]
        fn scan_times_only_grow(
            steps in prop::collection::vec((-10_000_000..10_000_000_i64, 0..3_000_u64), 1..100),
        ) {
            let mut time = Timekeeper::new(at(0, 0));
            let (mut wall, mut up, mut last) = (0, 0, Timestamp::MIN);
            for (jump, passed) in steps {
                wall += jump;
                up += passed;
                time.look(at(wall, up));
                let scan = time.scan();
                prop_assert!(scan > last);
                last = scan;
            }
        }
    }
}
