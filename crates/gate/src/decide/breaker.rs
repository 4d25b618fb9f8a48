//! The circuit breaker before Otipass: after one visitor has waited in vain,
//! the next do not.

use kernel::Timestamp;

/// How many quick failures in a row open the breaker. Silence opens it at
/// once: it has cost a visitor the whole budget.
const QUICK_FAILURES: u32 = 3;
/// How long it stays open before one check may try again, in milliseconds.
const OPEN_MS: i64 = 5_000;

/// How asking Otipass failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No answer within the decision budget.
    Silent,
    /// An error that came at once.
    Quick,
}

/// Whether Otipass is worth asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// It is.
    Closed {
        /// Quick failures in a row.
        failures: u32,
    },
    /// It is not, until the time given; then one check may try.
    Open {
        /// When to try again.
        until: Timestamp,
    },
    /// One check is trying; if it is never heard of again, the next may try at
    /// the time given.
    HalfOpen {
        /// When to stop waiting for it.
        until: Timestamp,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether a check at `now` may ask.
    pub fn may_ask(&mut self, now: Timestamp) -> bool {
        match *self {
            Breaker::Closed { .. } => true,
            Breaker::Open { until } | Breaker::HalfOpen { until } => {
                // A clock that was set back must not hold the breaker open for ever.
                let over = now >= until || until.ms_since(now) > OPEN_MS;
                if over {
                    *self = Breaker::HalfOpen {
                        until: now.plus_ms(OPEN_MS),
                    };
                }
                over
            }
        }
    }

    /// Whether a check at `now` would be let through, without taking its place.
    #[must_use]
    pub fn would_ask(mut self, now: Timestamp) -> bool {
        self.may_ask(now)
    }

    /// Otipass answered.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// Otipass failed at `now`.
    pub fn failed(&mut self, failure: Failure, now: Timestamp) {
        *self = match (*self, failure) {
            (Breaker::Closed { failures }, Failure::Quick) if failures + 1 < QUICK_FAILURES => {
                Breaker::Closed {
                    failures: failures + 1,
                }
            }
            _ => Breaker::Open {
                until: now.plus_ms(OPEN_MS),
            },
        };
    }

    /// Whether checks are spared the wait at present.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Breaker::Closed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::MIN.plus_ms(ms + 1_000_000)
    }

    #[test]
    fn silence_opens_at_once_and_one_check_tries_later() {
        let mut breaker = Breaker::default();
        assert!(breaker.may_ask(at(0)));
        breaker.failed(Failure::Silent, at(0));
        assert!(!breaker.may_ask(at(1)) && !breaker.may_ask(at(OPEN_MS - 1)));
        assert!(breaker.may_ask(at(OPEN_MS)), "one may try");
        assert!(!breaker.may_ask(at(OPEN_MS)), "but only one");
        breaker.answered();
        assert!(breaker.may_ask(at(OPEN_MS)) && !breaker.is_open());
    }

    #[test]
    fn a_failed_try_keeps_it_open() {
        let mut breaker = Breaker::default();
        breaker.failed(Failure::Silent, at(0));
        assert!(breaker.may_ask(at(OPEN_MS)));
        breaker.failed(Failure::Quick, at(OPEN_MS));
        assert!(!breaker.may_ask(at(2 * OPEN_MS - 1)));
        assert!(breaker.may_ask(at(2 * OPEN_MS)));
    }

    #[test]
    fn quick_failures_open_it_only_in_a_row() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            breaker.failed(Failure::Quick, at(0));
            breaker.failed(Failure::Quick, at(0));
            assert!(breaker.may_ask(at(0)));
            breaker.answered();
        }
        for _ in 0..QUICK_FAILURES {
            breaker.failed(Failure::Quick, at(0));
        }
        assert!(!breaker.may_ask(at(0)));
    }

    #[test]
    fn a_try_that_vanished_and_a_clock_set_back_do_not_hold_it_open() {
        let mut breaker = Breaker::default();
        breaker.failed(Failure::Silent, at(0));
        assert!(breaker.may_ask(at(OPEN_MS)));
        assert!(breaker.may_ask(at(2 * OPEN_MS)), "the try vanished");
        breaker.failed(Failure::Silent, at(900_000));
        assert!(breaker.may_ask(at(0)), "the clock was set back");
    }
}
