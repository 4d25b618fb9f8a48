//! How wrong attempts slow the next ones down.
//!
//! An attempt is counted before it is looked at, so that many at once gain
//! nothing, and forgiven if it was right.

use db::{DbError, Tx, params};
use kernel::{CLOCK_AHEAD_MS, Timestamp};

/// After so long without an attempt all are forgotten, in milliseconds.
const FORGOTTEN_AFTER_MS: i64 = 3_600_000;

/// How many subjects are remembered; the oldest are forgotten before their time, so
/// that who comes from everywhere fills no disk.
const SUBJECTS_MAX: i64 = 20_000;

/// How many wrong attempts are free, and what the next ones cost.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// So many attempts wait for nothing.
    pub free: i64,
    /// The wait after these, which doubles with each more, in milliseconds.
    pub first_wait_ms: i64,
    /// The longest wait, in milliseconds.
    pub longest_wait_ms: i64,
}

/// For one account from one place: a person mistypes now and then.
pub const ACCOUNT: Limit = Limit {
    free: 5,
    first_wait_ms: 15_000,
    longest_wait_ms: 900_000,
};

/// For one login from anywhere but where it signed in last. Whoever knows a login can
/// make its owner wait no longer than this, and there not at all.
pub const LOGIN: Limit = Limit {
    free: 100,
    first_wait_ms: 5_000,
    longest_wait_ms: 60_000,
};

/// For one address: a whole museum may stand behind it.
pub const ADDRESS: Limit = Limit {
    free: 30,
    first_wait_ms: 15_000,
    longest_wait_ms: 900_000,
};

/// The attempts counted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// How many.
    pub failures: i64,
    /// When the last one was.
    pub last_failed_at: Timestamp,
}

db::from_row! { Record { failures, last_failed_at } }

impl Limit {
    /// How long until the next attempt is looked at, in milliseconds; 0 if it is
    /// at once.
    #[must_use]
    pub fn wait_ms(&self, record: Option<Record>, now: Timestamp) -> i64 {
        let Some(record) = Self::remembered(record, now) else {
            return 0;
        };
        let over = record.failures - self.free;
        if over < 0 {
            return 0;
        }
        let doublings = u32::try_from(over.min(30)).unwrap_or(30);
        let wait = self
            .first_wait_ms
            .saturating_mul(1 << doublings)
            .min(self.longest_wait_ms);
        (wait - now.ms_since(record.last_failed_at).max(0)).max(0)
    }

    /// The record with one attempt more.
    #[must_use]
    pub fn counted(record: Option<Record>, now: Timestamp) -> Record {
        let failures = Self::remembered(record, now).map_or(0, |r| r.failures);
        Record {
            failures: failures.saturating_add(1),
            last_failed_at: now,
        }
    }

    // What is further ahead was counted by a clock that was set back since; nobody knows how
    // long ago, and is not to wait until that moment comes again.
    fn remembered(record: Option<Record>, now: Timestamp) -> Option<Record> {
        record.filter(|record| {
            (-CLOCK_AHEAD_MS..FORGOTTEN_AFTER_MS).contains(&now.ms_since(record.last_failed_at))
        })
    }
}

/// Many attempts at once gain nothing: each sees those before it.
pub(crate) fn one_at_a_time(tx: &mut Tx<'_>) -> Result<(), DbError> {
    tx.one_at_a_time("attempts")
}

/// Counts an attempt of each subject, if none of them has to wait; otherwise
/// says how long, in milliseconds, and counts nothing.
pub(crate) fn count(
    tx: &mut Tx<'_>,
    subjects: &[(String, Limit)],
    now: Timestamp,
) -> Result<Result<(), i64>, DbError> {
    let mut counted = Vec::new();
    let mut longest = 0;
    for (subject, limit) in subjects {
        let record = record(tx, subject)?;
        longest = limit.wait_ms(record, now).max(longest);
        counted.push((subject, Limit::counted(record, now)));
    }
    if longest > 0 {
        return Ok(Err(longest));
    }
    for (subject, record) in counted {
        tx.execute(
            "INSERT INTO staff_throttle (subject, failures, last_failed_at) VALUES ($1, $2, $3)
             ON CONFLICT (subject) DO UPDATE SET failures = $2, last_failed_at = $3",
            params![subject, record.failures, record.last_failed_at],
        )?;
    }
    forget_old(tx, now)?;
    tx.execute(
        "DELETE FROM staff_throttle WHERE last_failed_at <
            (SELECT last_failed_at FROM staff_throttle
             ORDER BY last_failed_at DESC LIMIT 1 OFFSET $1)",
        params![SUBJECTS_MAX],
    )?;
    Ok(Ok(()))
}

/// Forgets what no longer counts, and whose it was.
pub fn forget_old(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), DbError> {
    tx.run(
        "DELETE FROM staff_throttle WHERE last_failed_at < $1",
        params![now.plus_ms(-FORGOTTEN_AFTER_MS)],
    )
}

fn record(tx: &mut Tx<'_>, subject: &str) -> Result<Option<Record>, DbError> {
    tx.query_opt_as(
        "SELECT failures, last_failed_at FROM staff_throttle WHERE subject = $1",
        params![subject],
    )
}

/// Forgets all attempts of `subject`.
pub(crate) fn forget(tx: &mut Tx<'_>, subject: &str) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM staff_throttle WHERE subject = $1",
        params![subject],
    )?;
    Ok(())
}

/// Takes back one attempt of `subject`: it was right. The others stay, else
/// whoever has one account could try all others.
pub(crate) fn forgive(tx: &mut Tx<'_>, subject: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE staff_throttle SET failures = failures - 1 WHERE subject = $1 AND failures > 0",
        params![subject],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis_clamped(1_700_000_000_000 + seconds * 1_000)
    }

    #[test]
    fn waits_double_and_end() {
        let record = |failures| {
            Some(Record {
                failures,
                last_failed_at: at(0),
            })
        };
        for (failures, now, wait_s) in [
            (0, 0, 0),
            (4, 0, 0),
            (5, 0, 15),
            (5, 14, 1),
            (5, 15, 0),
            (6, 0, 30),
            (7, 10, 50),
            (11, 0, 900),
            (i64::MAX / 2, 0, 900),
            (11, 899, 1),
            (11, 3_600, 0),
            // A clock that is corrected, and one that was two days ahead.
            (11, -4, 900),
            (11, -6, 0),
            (11, -172_800, 0),
        ] {
            let wait = ACCOUNT.wait_ms(record(failures), at(now));
            assert_eq!(wait, wait_s * 1_000, "{failures} {now}");
        }
        assert_eq!(ACCOUNT.wait_ms(None, at(0)), 0);
    }

    #[test]
    fn an_old_record_starts_anew() {
        let old = Record {
            failures: 9,
            last_failed_at: at(0),
        };
        assert_eq!(Limit::counted(Some(old), at(10)).failures, 10);
        assert_eq!(Limit::counted(Some(old), at(3_600)).failures, 1);
        assert_eq!(Limit::counted(Some(old), at(-6)).failures, 1);
    }
}
