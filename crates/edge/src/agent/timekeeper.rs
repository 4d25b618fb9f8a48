//! The device's own time: pure.
//!
//! What it counts by its own time (the day, the time for taking an entry back) must
//! not run backwards within one run of the agent. If the machine's clock is set
//! back, the agent goes on by the clock that is never set until the machine's has
//! caught up or the agent is started again. If it is set forward, the agent
//! follows. The server gets what the machine's clock showed, and the age of each
//! scan by the clock that is never set.

use gate::CLOCK_TOLERANCE_MS;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The machine's clocks, read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The clock that people set.
    pub wall: Timestamp,
    /// Milliseconds since the machine was started; never set, and goes on in sleep.
    pub up_ms: u64,
    /// Which start of the machine that was.
    pub boot: Uuid,
}

impl Moment {
    /// Milliseconds of the monotonic clock since `earlier`.
    #[must_use]
    pub fn ms_since(self, earlier: Moment) -> i64 {
        signed(self.up_ms) - signed(earlier.up_ms)
    }

    /// As [`ms_since`](Self::ms_since), also over a restart of the process; `None`
    /// if the machine was started in between.
    #[must_use]
    pub fn age_ms(self, earlier: Moment) -> Option<i64> {
        (self.boot == earlier.boot).then(|| self.ms_since(earlier))
    }

    /// Whether the clock that people set was not set since `earlier`, and did not
    /// stop.
    #[must_use]
    pub fn is_same_life(self, earlier: Moment) -> bool {
        self.age_ms(earlier)
            .is_some_and(|age_ms| (self.wall.ms_since(earlier.wall) - age_ms).abs() <= SET_MS)
    }
}

/// A jump of the machine's clock that people should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    /// What the clock showed after it.
    pub to: Timestamp,
    /// By how much, in milliseconds; negative if it was set back.
    pub by_ms: i64,
}

/// What is less is the machine's clock being steered, not set.
const SET_MS: i64 = 1_000;

#[derive(Debug)]
pub(crate) struct Timekeeper {
    seen: Moment,
    /// What our time is ahead of the machine's clock, since that was set back.
    ahead_ms: i64,
    /// The latest that our time was.
    latest: Timestamp,
    jump: Option<Jump>,
}

impl Timekeeper {
    pub(crate) const fn new(now: Moment) -> Self {
        Self {
            seen: now,
            ahead_ms: 0,
            latest: now.wall,
            jump: None,
        }
    }

    /// Looks at the clocks; to be called at least every few seconds.
    pub(crate) fn look(&mut self, now: Moment) {
        let by_ms = now.wall.ms_since(self.seen.wall) - now.ms_since(self.seen);
        self.seen = now;
        if by_ms.abs() > SET_MS {
            self.ahead_ms = (self.ahead_ms - by_ms).max(0);
        }
        if by_ms.abs() > CLOCK_TOLERANCE_MS {
            let to = now.wall;
            self.jump = Some(Jump { to, by_ms });
        }
        self.latest = self.latest.max(now.wall.plus_ms(self.ahead_ms));
    }

    /// Our time.
    pub(crate) const fn now(&self) -> Timestamp {
        self.latest
    }

    /// How many milliseconds ago something was: by the clock that is never set, or if the
    /// machine was started since, by our time.
    pub(crate) fn since(&self, at: Timestamp, clocks: Moment) -> i64 {
        let age_ms = self.seen.age_ms(clocks);
        age_ms.unwrap_or_else(|| self.latest.ms_since(at))
    }

    /// The machine's clocks when they were looked at last.
    pub(crate) const fn clocks(&self) -> Moment {
        self.seen
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
            boot: Uuid::nil(),
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
        fn our_time_never_runs_back(
            steps in prop::collection::vec((-10_000_000..10_000_000_i64, 0..3_000_u64), 1..100),
        ) {
            let mut time = Timekeeper::new(at(0, 0));
            let (mut wall, mut up, mut last) = (0, 0, Timestamp::MIN);
            for (jump, passed) in steps {
                wall += jump;
                up += passed;
                time.look(at(wall, up));
                prop_assert!(time.now() >= last);
                last = time.now();
            }
        }
    }
}
