//! How many wrong enrolment codes are heard, whichever node hears them.

use db::{DbError, Tx, params};
use kernel::{Timestamp, site};
use std::net::IpAddr;

/// How many wrong codes are heard of one address in a minute.
const WRONG_CODES: i64 = 20;
/// How many are heard of one site, which has a /48: its networks are no strangers to
/// each other.
const WRONG_CODES_OF_SITE: i64 = 100;
/// How many are heard of all together before only those are heard, once, of whose
/// address and site none was wrong yet: whoever has many addresses keeps nobody else
/// out. At this pace the odds of guessing one of ten codes while they are valid are one
/// in five million; one of the hundred of a printed sheet, in its twelve hours, one in
/// twelve thousand.
const WRONG_CODES_IN_ALL: i64 = 1_000;
/// How many are heard at all, of twenty thousand addresses: twenty times those odds.
const ATTEMPTS_IN_ALL: i64 = 20_000;
const MINUTE_MS: i64 = 60_000;
/// Under what all wrong codes together are counted.
const ALL: &str = "all";

/// Whether a code of `from` is looked at. In a transaction that comes after all
/// others of its kind, so that many at once do not outrun it.
pub(crate) fn may_try(tx: &mut Tx<'_>, from: IpAddr, now: Timestamp) -> Result<bool, DbError> {
    let all = wrong(tx, ALL, now)?;
    if all >= ATTEMPTS_IN_ALL {
        return Ok(false);
    }
    for (party, most) in parties(from) {
        let most = if all >= WRONG_CODES_IN_ALL { 1 } else { most };
        if wrong(tx, &party, now)? >= most {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Counts a code of `from` that was wrong.
pub(crate) fn count(tx: &mut Tx<'_>, from: IpAddr, now: Timestamp) -> Result<(), DbError> {
    let minute = minute(now);
    forget_old(tx, now)?;
    let parties = parties(from).into_iter().map(|(party, _)| party);
    for party in parties.chain([ALL.to_owned()]) {
        tx.run(
            "INSERT INTO gate_enrolment_throttle (minute, party, wrong) VALUES ($1, $2, 1)
             ON CONFLICT (minute, party)
             DO UPDATE SET wrong = gate_enrolment_throttle.wrong + 1",
            params![minute, party],
        )?;
    }
    Ok(())
}

/// Forgets the minutes that are over, and whose codes were wrong in them. Clocks of nodes
/// differ by less than what is left.
pub fn forget_old(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), DbError> {
    let minute = minute(now);
    tx.run(
        "DELETE FROM gate_enrolment_throttle WHERE minute < $1 OR minute > $2",
        params![minute - 5, minute + 5],
    )
}

fn wrong(tx: &mut Tx<'_>, party: &str, now: Timestamp) -> Result<i64, DbError> {
    let wrong = tx.value_opt(
        "SELECT wrong FROM gate_enrolment_throttle WHERE minute = $1 AND party = $2",
        params![minute(now), party],
    )?;
    Ok(wrong.unwrap_or(0))
}

fn minute(now: Timestamp) -> i64 {
    now.millis().div_euclid(MINUTE_MS)
}

/// Who is counted for an address, and how many wrong codes are heard of each.
fn parties(from: IpAddr) -> Vec<(String, i64)> {
    let of_site = match from {
        IpAddr::V6(_) => Some((format!("{}/48", site(from)), WRONG_CODES_OF_SITE)),
        IpAddr::V4(_) => None,
    };
    of_site
        .into_iter()
        .chain([(from.to_string(), WRONG_CODES)])
        .collect()
}
