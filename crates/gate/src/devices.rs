//! Devices: how they are enrolled, what they show to be let in, and what they
//! say of themselves.

pub(crate) mod enrolment;
pub(crate) mod report;
pub(crate) mod token;

use crate::decide::tally;
use crate::site::known::KnownSite;
use db::{Db, DbError};
use kernel::{Clock, DeviceCode, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// How many wrong codes are heard of one address in [`WINDOW_MS`].
const WRONG_CODES: u32 = 20;
/// How many are heard of all together: so many addresses must join to keep
/// anybody else out. At this pace the odds of guessing one of ten codes while they
/// are valid are one in five million.
const WRONG_CODES_IN_ALL: u32 = 1_000;
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

/// How many wrong codes have been heard lately, and of whom. Each attempt counts
/// until it proves right, so that many at once cannot outrun it.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    since: Option<Timestamp>,
    attempts: u32,
    by_address: HashMap<IpAddr, u32>,
}

impl Throttle {
    pub(crate) fn may_try(&mut self, from: IpAddr, now: Timestamp) -> bool {
        let fresh = self
            .since
            .is_some_and(|since| (0..WINDOW_MS).contains(&now.ms_since(since)));
        if !fresh {
            *self = Self {
                since: Some(now),
                ..Self::default()
            };
        }
        if self.attempts >= WRONG_CODES_IN_ALL {
            return false;
        }
        let own = self.by_address.entry(from).or_default();
        let may = *own < WRONG_CODES;
        *own += u32::from(may);
        self.attempts += u32::from(may);
        may
    }

    pub(crate) fn was_right(&mut self, from: IpAddr) {
        self.attempts = self.attempts.saturating_sub(1);
        if let Some(own) = self.by_address.get_mut(&from) {
            *own = own.saturating_sub(1);
        }
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
        let from = |n: u32| IpAddr::from(n.to_be_bytes());
        let mut throttle = Throttle::default();
        for _ in 0..2 * WRONG_CODES_IN_ALL {
            assert!(throttle.may_try(from(1), at(0)), "right ones do not count");
            throttle.was_right(from(1));
        }
        for _ in 0..WRONG_CODES {
            assert!(throttle.may_try(from(1), at(1)));
        }
        assert!(!throttle.may_try(from(1), at(1)));
        assert!(!throttle.may_try(from(1), at(WINDOW_MS - 1)));
        assert!(throttle.may_try(from(2), at(1)), "nobody else is kept out");
        assert!(throttle.may_try(from(1), at(WINDOW_MS)));
        for n in 1..WRONG_CODES_IN_ALL {
            assert!(throttle.may_try(from(n + 1), at(WINDOW_MS)));
        }
        assert!(!throttle.may_try(from(0), at(WINDOW_MS)));
        assert!(throttle.may_try(from(0), at(0)), "the clock was set back");
    }
}
