//! Devices: how they are enrolled, what they show to be let in, and what they
//! say of themselves.

pub(crate) mod enrolment;
pub(crate) mod report;
pub(crate) mod token;

use crate::decide::tally;
use crate::site::known::KnownSite;
use db::{Db, DbError};
use kernel::{Clock, DeviceCode, Timestamp};
use std::sync::{Arc, Mutex};

/// How many wrong codes are heard in [`WINDOW_MS`], of all devices together. At
/// this pace the odds of guessing one of ten codes while they are valid are one
/// in 280 million.
const WRONG_CODES: u32 = 20;
const WINDOW_MS: i64 = 60_000;

/// What lets devices in, and hears what they say of themselves.
#[derive(Debug)]
pub struct Devices {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) known: Arc<KnownSite>,
    /// In memory: **with several processes on one database this must hold across
    /// them**, or each hears as many wrong codes.
    pub(crate) throttle: Mutex<Throttle>,
}

/// How many wrong codes have been heard lately. Each attempt counts until it
/// proves right, so that many at once cannot outrun it.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    since: Option<Timestamp>,
    attempts: u32,
}

impl Throttle {
    pub(crate) fn may_try(&mut self, now: Timestamp) -> bool {
        let fresh = self
            .since
            .is_some_and(|since| (0..WINDOW_MS).contains(&now.ms_since(since)));
        if !fresh {
            *self = Self {
                since: Some(now),
                attempts: 0,
            };
        }
        let may = self.attempts < WRONG_CODES;
        self.attempts += u32::from(may);
        may
    }

    pub(crate) fn was_right(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }
}

impl Devices {
    /// How many visitors `device` has admitted today, without cancelled entries.
    pub async fn count_today(&self, device: DeviceCode) -> Result<i64, DbError> {
        let today = self.known.site().zone.business_day(self.clock.now());
        self.db
            .read("count today", move |tx| {
                tally::count_of_day(tx, &device, today).map(i64::from)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_ends_after_twenty_wrong_codes_a_minute() {
        let at = |ms| Timestamp::MIN.plus_ms(1_000_000 + ms);
        let mut throttle = Throttle::default();
        for _ in 0..100 {
            assert!(throttle.may_try(at(0)), "right ones do not count");
            throttle.was_right();
        }
        for _ in 0..WRONG_CODES {
            assert!(throttle.may_try(at(1)));
        }
        assert!(!throttle.may_try(at(1)) && !throttle.may_try(at(WINDOW_MS - 1)));
        assert!(throttle.may_try(at(WINDOW_MS)));
        for _ in 1..WRONG_CODES {
            assert!(throttle.may_try(at(WINDOW_MS)));
        }
        assert!(!throttle.may_try(at(WINDOW_MS)));
        assert!(throttle.may_try(at(0)), "the clock was set back");
    }
}
