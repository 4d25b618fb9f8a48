//! Devices: how they are enrolled, what they show to be let in, and what they
//! say of themselves.

pub(crate) mod enrolment;
pub(crate) mod report;
pub(crate) mod token;

use crate::decide::tally;
use crate::site::known::KnownSite;
use db::{Db, DbError};
use kernel::{Clock, DeviceCode, Timestamp, site};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// How many wrong codes are heard of one address in [`WINDOW_MS`].
const WRONG_CODES: u32 = 20;
/// How many are heard of one site, which has a /48: its networks are no strangers to
/// each other.
const WRONG_CODES_OF_SITE: u32 = 100;
/// How many are heard of all together before only those are heard, once, of whose
/// address and site none was wrong yet: whoever has many addresses keeps nobody else
/// out. At this pace the odds of guessing one of ten codes while they are valid are one
/// in five million; one of the hundred of a printed sheet, in its twelve hours, one in
/// twelve thousand.
const WRONG_CODES_IN_ALL: u32 = 1_000;
/// How many are heard at all, of twenty thousand addresses: twenty times those odds.
const ATTEMPTS_IN_ALL: u32 = 20_000;
const WINDOW_MS: i64 = 60_000;

/// What lets devices in, and hears what they say of themselves.
#[derive(Debug)]
pub struct Devices {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) known: Arc<KnownSite>,
    /// In memory: each of several nodes hears as many wrong codes as one would.
    pub(crate) throttle: Mutex<Throttle>,
}

/// How many wrong codes have been heard lately, and of whom. Each attempt counts
/// until it proves right, so that many at once cannot outrun it.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    since: Option<Timestamp>,
    attempts: u32,
    /// Of addresses, and of sites.
    by_address: HashMap<(IpAddr, bool), u32>,
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
        let crowded = self.attempts >= WRONG_CODES_IN_ALL;
        let parties = parties(from);
        let may = self.attempts < ATTEMPTS_IN_ALL
            && parties.iter().all(|(party, most)| {
                let most = if crowded { 1 } else { *most };
                self.by_address.get(party).is_none_or(|own| *own < most)
            });
        if may {
            self.attempts += 1;
            for (party, _) in parties {
                *self.by_address.entry(party).or_default() += 1;
            }
        }
        may
    }

    pub(crate) fn was_right(&mut self, from: IpAddr) {
        self.attempts = self.attempts.saturating_sub(1);
        for (party, _) in parties(from) {
            if let Some(own) = self.by_address.get_mut(&party) {
                *own = own.saturating_sub(1);
            }
        }
    }
}

/// Who is counted for an address, and how many wrong codes are heard of each.
fn parties(from: IpAddr) -> Vec<((IpAddr, bool), u32)> {
    let of_site = match from {
        IpAddr::V6(_) => Some(((site(from), true), WRONG_CODES_OF_SITE)),
        IpAddr::V4(_) => None,
    };
    of_site
        .into_iter()
        .chain([((from, false), WRONG_CODES)])
        .collect()
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
        assert!(!throttle.may_try(from(1), at(WINDOW_MS)), "it had its turn");
        assert!(
            throttle.may_try(from(0), at(WINDOW_MS)),
            "a newcomer is heard"
        );
        assert!(!throttle.may_try(from(0), at(WINDOW_MS)), "once");
        throttle.was_right(from(0));
        assert!(
            throttle.may_try(from(0), at(WINDOW_MS)),
            "right ones do not count"
        );
        assert!(throttle.may_try(from(0), at(0)), "the clock was set back");
    }

    #[test]
    fn who_has_many_networks_keeps_nobody_out() {
        let now = Timestamp::MIN.plus_ms(1_000_000);
        let mut throttle = Throttle::default();
        let mut heard = 0;
        for network in 0..50 {
            for _ in 0..WRONG_CODES {
                let from = format!("2001:db8:7:{network:x}::").parse().unwrap();
                heard += u32::from(throttle.may_try(from, now));
            }
        }
        assert_eq!(heard, WRONG_CODES_OF_SITE);
        // With many sites it hears no more of any of them, and all others are.
        for site in 0x10..0x30 {
            for _ in 0..WRONG_CODES {
                let from = format!("2001:db8:{site:x}::").parse().unwrap();
                throttle.may_try(from, now);
                let from = format!("2001:db8:{site:x}:1::").parse().unwrap();
                throttle.may_try(from, now);
            }
        }
        assert!(throttle.attempts >= WRONG_CODES_IN_ALL);
        let mut may = |from: &str| throttle.may_try(from.parse().unwrap(), now);
        assert!(!may("2001:db8:10:2::"), "its site was heard");
        assert!(may("192.0.2.7") && may("2001:db8:99::"));
        assert!(!may("192.0.2.7") && !may("2001:db8:99:1::"));
    }
}
