//! When the journal is sent, and how much of it at once: pure.

use super::Moment;
use deviceapi::BATCH_LIMIT;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Each part has found its place.
    Taken,
    /// Nothing came back; perhaps it was too much for the line.
    Silent,
    /// The server cannot take it for so many milliseconds.
    Failing(u64),
    /// The server refuses the batch as a whole.
    Refused,
}

/// The longest pause before a batch is sent again, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 60_000;

#[derive(Debug)]
pub(crate) struct Courier {
    limit: usize,
    on_the_way: bool,
    next_up_ms: u64,
    failures: u32,
}

impl Courier {
    pub(crate) const fn new() -> Self {
        Self {
            limit: BATCH_LIMIT,
            on_the_way: false,
            next_up_ms: 0,
            failures: 0,
        }
    }

    /// How many to send now, if any. They are on the way then.
    pub(crate) fn due(&mut self, now: Moment) -> Option<usize> {
        let due = !self.on_the_way && now.up_ms >= self.next_up_ms;
        self.on_the_way |= due;
        due.then_some(self.limit)
    }

    /// There was nothing to send after all.
    pub(crate) const fn nothing(&mut self) {
        self.on_the_way = false;
    }

    /// Whether a batch that is refused as a whole is a single item: it is at
    /// fault itself.
    pub(crate) const fn is_single(&self) -> bool {
        self.limit == 1
    }

    pub(crate) fn back(&mut self, sent: Sent, now: Moment) {
        self.on_the_way = false;
        self.failures = match sent {
            Sent::Taken => 0,
            _ => self.failures.saturating_add(1),
        };
        let doubled = 500_u64.saturating_mul(1 << self.failures.min(8));
        let pause = match sent {
            Sent::Taken => 0,
            Sent::Failing(wait) => wait.max(doubled).min(LONGEST_PAUSE_MS),
            // Another size is another request.
            Sent::Refused if !self.is_single() => 0,
            Sent::Silent | Sent::Refused => doubled.min(LONGEST_PAUSE_MS),
        };
        self.limit = match sent {
            Sent::Taken => (self.limit * 2).min(BATCH_LIMIT),
            Sent::Silent | Sent::Refused => (self.limit / 2).max(1),
            Sent::Failing(_) => self.limit,
        };
        self.next_up_ms = now.up_ms.saturating_add(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    fn up(up_ms: u64) -> Moment {
        Moment {
            wall: Timestamp::MIN,
            up_ms,
            boot: uuid::Uuid::nil(),
        }
    }

    #[test]
    fn one_batch_at_a_time_and_pauses_after_failures() {
        let mut courier = Courier::new();
        assert_eq!(courier.due(up(0)), Some(BATCH_LIMIT));
        assert_eq!(courier.due(up(0)), None, "one is on the way");
        // What comes back, when; and when the next goes and how large it is.
        for (sent, at, next, limit) in [
            (Sent::Silent, 10, 1_010, 250),
            (Sent::Silent, 1_010, 3_010, 125),
            (Sent::Failing(9_000), 3_010, 12_010, 125),
            (Sent::Failing(9_999_999), 12_010, 72_010, 125),
            (Sent::Taken, 72_010, 72_010, 250),
            (Sent::Refused, 72_010, 72_010, 125),
        ] {
            courier.back(sent, up(at));
            if next > at {
                assert_eq!(courier.due(up(next - 1)), None, "{sent:?} {at}");
            }
            assert_eq!(courier.due(up(next)), Some(limit), "{sent:?} {at}");
        }
    }

    #[test]
    fn the_one_at_fault_is_found_by_halves() {
        let mut courier = Courier::new();
        while !courier.is_single() {
            assert!(courier.due(up(0)).is_some());
            courier.back(Sent::Refused, up(0));
        }
        assert_eq!(courier.due(up(0)), Some(1));
        // It could not be set aside.
        courier.back(Sent::Refused, up(0));
        assert_eq!(courier.due(up(59_999)), None);
        assert_eq!(courier.due(up(60_000)), Some(1));
    }
}
