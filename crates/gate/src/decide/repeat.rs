//! The repeat window: one visitor who goes in once is one admission, however
//! often the card is read.

use crate::decide::check::Check;
use db::{DbError, Row, Tx, Value, params};
use kernel::{CardNumber, CheckId, DeviceCode, SectorCode, Timestamp};

/// An admission of the same card at the same sector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its check.
    pub check: CheckId,
    /// Where it was scanned.
    pub device: DeviceCode,
    /// When.
    pub at: Timestamp,
}

db::from_row! { Earlier { check = "check_id", device, at = "scanned_at" } }

/// The admission nearest to a scan at `at` that is at most `window_ms` away, before
/// or after it, with no exit between the two; either end of either counts.
#[must_use]
pub fn nearest<'a>(
    admissions: &'a [Earlier],
    exits: &[Timestamp],
    at: Timestamp,
    window_ms: i64,
) -> Option<&'a Earlier> {
    let apart_ms = |earlier: &Earlier| at.ms_since(earlier.at).abs();
    admissions
        .iter()
        .filter(|earlier| apart_ms(earlier) <= window_ms)
        .filter(|earlier| {
            let between = earlier.at.min(at)..=earlier.at.max(at);
            !exits.iter().any(|exit| between.contains(exit))
        })
        .min_by_key(|earlier| apart_ms(earlier))
}

/// The admissions of a card at a sector that make a repeat of what is scanned between
/// two moments. Of every kind, except those that were taken back and those whose time
/// is estimated.
macro_rules! admissions {
    () => {
        "SELECT check_id, device, scanned_at FROM gate_check c
         WHERE card = $1 AND sector = $2 AND scanned_at BETWEEN $3 AND $4
           AND admitted = 1 AND time_estimated = 0
           AND NOT EXISTS (SELECT 1 FROM gate_cancellation x WHERE x.check_id = c.check_id)"
    };
}

/// A scan of a card at a sector, and how far from it an admission is the same visitor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Near<'a> {
    pub(crate) card: &'a CardNumber,
    pub(crate) sector: &'a SectorCode,
    pub(crate) at: Timestamp,
    /// 0 is no window.
    pub(crate) window_ms: i64,
}

/// What a check finds that is about to be asked about.
pub(crate) enum Before {
    /// It may be asked about.
    Nothing,
    /// It is decided already.
    Decided,
    /// It is a repeat of this.
    Admitted(Earlier),
}

impl Near<'_> {
    /// The admission by which the scan is a repeat, as far as is known by now.
    pub(crate) fn earlier(&self, tx: &mut Tx<'_>) -> Result<Option<Earlier>, DbError> {
        let admissions = tx.query_as(admissions!(), &self.between())?;
        self.nearest(tx, &admissions)
    }

    /// The same, and whether the check `id` itself is decided; in one statement, for a
    /// visitor waits for it.
    pub(crate) fn before_asking(&self, tx: &mut Tx<'_>, id: CheckId) -> Result<Before, DbError> {
        let [card, sector, from, to] = self.between();
        let found: Vec<Earlier> = tx.query_as(
            concat!(
                "SELECT check_id, device, scanned_at FROM gate_check WHERE check_id = $5
                 UNION ALL ",
                admissions!()
            ),
            &[card, sector, from, to, id.into()],
        )?;
        if found.iter().any(|found| found.check == id) {
            return Ok(Before::Decided);
        }
        let earlier = self.nearest(tx, &found)?;
        Ok(earlier.map_or(Before::Nothing, Before::Admitted))
    }

    fn between(&self) -> [Value; 4] {
        let (from, to) = (
            self.at.plus_ms(-self.window_ms),
            self.at.plus_ms(self.window_ms),
        );
        [self.card.into(), self.sector.into(), from.into(), to.into()]
    }

    fn nearest(&self, tx: &mut Tx<'_>, admissions: &[Earlier]) -> Result<Option<Earlier>, DbError> {
        if self.window_ms == 0 || admissions.is_empty() {
            return Ok(None);
        }
        let exits = tx.column(
            "SELECT scanned_at FROM gate_check
             WHERE card = $1 AND sector = $2 AND scanned_at BETWEEN $3 AND $4
               AND outcome = 'exit'",
            &self.between(),
        )?;
        Ok(nearest(admissions, &exits, self.at, self.window_ms).cloned())
    }
}

/// A check as it is kept, with the admission that it repeats.
pub(crate) fn with_earlier(tx: &mut Tx<'_>, row: &Row) -> Result<Check, DbError> {
    let repeats: Option<CheckId> = row.get("repeats")?;
    Ok(Check {
        earlier: repeats.map(|id| find(tx, id)).transpose()?.flatten(),
        ..Check::from_row(row)?
    })
}

/// The latest admission of `card` at `sector` that stands: when and where a card
/// was used that has no entry left.
pub(crate) fn latest(
    tx: &mut Tx<'_>,
    card: &CardNumber,
    sector: &SectorCode,
) -> Result<Option<Earlier>, DbError> {
    tx.query_opt_as(
        "SELECT check_id, device, scanned_at FROM gate_check c
         WHERE card = $1 AND sector = $2 AND admitted = 1
           AND NOT EXISTS (SELECT 1 FROM gate_cancellation x WHERE x.check_id = c.check_id)
         ORDER BY scanned_at DESC LIMIT 1",
        params![card, sector],
    )
}

/// The admission of this id; `None` while its check is open.
fn find(tx: &mut Tx<'_>, id: CheckId) -> Result<Option<Earlier>, DbError> {
    tx.query_opt_as(
        "SELECT check_id, device, scanned_at FROM gate_check WHERE check_id = $1",
        params![id],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::MIN.plus_ms(1_000_000_000 + ms)
    }

    fn admitted(ms: i64) -> Earlier {
        Earlier {
            check: "7a1f7a1f-0000-4000-8000-000000000001".parse().unwrap(),
            device: "PDA02".parse().unwrap(),
            at: at(ms),
        }
    }

    #[test]
    fn a_window_has_both_its_ends_and_both_orders() {
        for (apart_ms, is_repeat) in [
            (0, true),
            (59_999, true),
            (60_000, true),
            (60_001, false),
            (-60_000, true),
            (-60_001, false),
        ] {
            let admissions = [admitted(0)];
            let found = nearest(&admissions, &[], at(apart_ms), 60_000);
            assert_eq!(found.is_some(), is_repeat, "{apart_ms}");
        }
    }

    #[test]
    fn an_exit_between_ends_it_and_only_there() {
        for (exit_ms, is_repeat) in [(-1, true), (0, false), (10, false), (20, false), (21, true)] {
            for (first, second) in [(0, 20), (20, 0)] {
                let admissions = [admitted(first)];
                let found = nearest(&admissions, &[at(exit_ms)], at(second), 60_000);
                assert_eq!(found.is_some(), is_repeat, "{exit_ms} {first} {second}");
            }
        }
    }

    #[test]
    fn the_nearest_is_told() {
        let admissions = [admitted(0), admitted(50), admitted(20)];
        let found = nearest(&admissions, &[], at(29), 60_000).unwrap();
        assert_eq!(found.at, at(20));
        // The exit after it does not hide a later one.
        let found = nearest(&admissions, &[at(25)], at(29), 60_000).unwrap();
        assert_eq!(found.at, at(50));
    }
}
