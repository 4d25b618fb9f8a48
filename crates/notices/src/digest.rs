//! What there is to tell: pure rules, without I/O.

use kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A cause that is over sooner is not told.
pub(crate) const LASTS_MS: i64 = 5 * 60_000;
/// A cause that is away for longer is over; till then it is the same one.
pub(crate) const GONE_MS: i64 = 5 * 60_000;
/// From one message to the next on a way, at least.
pub(crate) const PAUSE_MS: i64 = 10 * 60_000;
/// What stands is told again after this long.
pub(crate) const AGAIN_MS: i64 = 24 * 3_600_000;
/// The pause after the first failure; it doubles with each.
const FIRST_RETRY_MS: i64 = 60_000;
/// The longest pause after a failure.
const LAST_RETRY_MS: i64 = 3_600_000;

/// What is not well at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// A name that never changes; programs may rely on it.
    pub code: &'static str,
    /// Which one it is of, such as a device; empty if there is one only.
    pub of: String,
    /// It in a few words.
    pub title: String,
    /// What is wrong, and what to do.
    pub what: String,
    /// Whether it only goes on, from an earlier day: it begins nowhere, and what was told of
    /// it is not told again each day.
    pub goes_on: bool,
}

impl Cause {
    /// What it is kept by.
    pub(crate) fn key(&self) -> String {
        match self.of.as_str() {
            "" => self.code.to_owned(),
            of => format!("{}:{of}", self.code),
        }
    }
}

/// A cause that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) title: String,
    pub(crate) at: Timestamp,
}

/// A line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) key: String,
    /// Since when; not of what is over.
    pub(crate) since: Option<Timestamp>,
    pub(crate) title: String,
    /// What is wrong, of what is new.
    pub(crate) what: String,
}

/// What one message tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest {
    pub(crate) begun: Vec<Line>,
    pub(crate) over: Vec<Line>,
    pub(crate) standing: Vec<Line>,
}

/// How a way fares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fare {
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) failures: i64,
    pub(crate) again_at: Option<Timestamp>,
}

impl Fare {
    /// Whether a message may go now. A clock that was put back makes nobody wait
    /// longer than ever.
    pub(crate) fn may_send(&self, now: Timestamp) -> bool {
        let is_past = |at: Option<Timestamp>, pause: i64| {
            at.is_none_or(|at| !(0..pause).contains(&now.ms_since(at)))
        };
        let is_due = |at: Timestamp| {
            let left_ms = at.ms_since(now);
            left_ms <= 0 || left_ms > LAST_RETRY_MS
        };
        is_past(self.sent_at, PAUSE_MS) && self.again_at.is_none_or(is_due)
    }

    /// When it is tried again after one more failure.
    pub(crate) fn retry_at(&self, now: Timestamp) -> Timestamp {
        let doubled = u32::try_from(self.failures).unwrap_or(u32::MAX).min(16);
        now.plus_ms((FIRST_RETRY_MS << doubled).min(LAST_RETRY_MS))
    }
}

/// What there is to tell on a way: of `causes`, the worst first, what has lasted
/// `since` and was not told; of what was told, what is over. `None` if there is
/// nothing.
pub(crate) fn digest(
    causes: &[Cause],
    since: &BTreeMap<String, Timestamp>,
    told: &BTreeMap<String, Told>,
    now: Timestamp,
) -> Option<Digest> {
    let mut digest = Digest::default();
    for cause in causes {
        let key = cause.key();
        let Some(&began) = since.get(&key) else {
            continue;
        };
        if !told.contains_key(&key) && now.ms_since(began) >= LASTS_MS {
            digest.begun.push(Line {
                key,
                since: Some(began),
                title: cause.title.clone(),
                what: cause.what.clone(),
            });
        }
    }
    let told_again = causes.iter().filter(|cause| !cause.goes_on);
    let told_again: BTreeSet<_> = told_again.map(Cause::key).collect();
    let mut again = false;
    for (key, Told { title, at }) in told {
        let began = since.get(key).copied();
        let lines = match began {
            None => &mut digest.over,
            Some(_) => &mut digest.standing,
        };
        again |= now.ms_since(*at) >= AGAIN_MS && told_again.contains(key);
        lines.push(Line {
            key: key.clone(),
            since: began,
            title: title.clone(),
            what: String::new(),
        });
    }
    (again || !digest.begun.is_empty() || !digest.over.is_empty()).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        let begun: Timestamp = "2026-07-14T09:00:00Z".parse().unwrap();
        begun.plus_ms(minutes * 60_000)
    }

    #[test]
    fn pauses_grow_after_failures_and_end_at_an_hour() {
        let pauses = (0..9).map(|failures| {
            let fare = Fare {
                failures,
                ..Fare::default()
            };
            fare.retry_at(at(0)).ms_since(at(0)) / 60_000
        });
        let pauses: Vec<_> = pauses.collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let many = Fare {
            failures: i64::MAX,
            ..Fare::default()
        };
        assert_eq!(many.retry_at(at(0)), at(60));
    }

    #[test]
    fn one_message_goes_in_ten_minutes_also_with_a_clock_that_is_put_back() {
        let sent = Fare {
            sent_at: Some(at(0)),
            ..Fare::default()
        };
        let may = |minutes| sent.may_send(at(minutes));
        assert_eq!([0, 9, 10, 99].map(may), [false, false, true, true]);
        assert!(may(-99));
        let failed = Fare {
            again_at: Some(at(8)),
            ..Fare::default()
        };
        assert!(!failed.may_send(at(7)) && failed.may_send(at(8)));
        assert!(failed.may_send(at(-99)));
    }
}
