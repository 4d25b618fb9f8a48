//! What stands in the books with a mark: checks that somebody should look at.

use crate::devices::report::{self, CLOCK_TOLERANCE_MS};
use db::{Db, DbError, Tx, params};
use kernel::{BusinessDay, Value};

kernel::words! {
    /// Why somebody should look at a check.
    pub enum Doubt: "mark" {
        /// Admitted within the repeat window of another admission of the card: two
        /// persons may have gone in on one pass.
        PossiblePassBack = "possible_pass_back",
        /// Admitted, and its scan time is an estimate.
        EstimatedTime = "estimated_time",
        /// The card was admitted, or refused, at that sector for the fifth time within
        /// ten minutes: a reader or a person that goes on and on.
        Run = "run",
    }
}

impl Doubt {
    /// What holds of such a check `c`.
    pub(crate) const fn condition(self) -> &'static str {
        match self {
            Self::PossiblePassBack => "c.admitted = 1 AND c.repeats IS NOT NULL",
            Self::EstimatedTime => "c.admitted = 1 AND c.time_estimated = 1",
            Self::Run => {
                "c.card IS NOT NULL AND c.outcome <> 'exit' AND 5 <=
                 (SELECT COUNT(*) FROM gate_check r
                  WHERE r.card = c.card AND r.sector = c.sector AND r.admitted = c.admitted
                    AND r.outcome <> 'exit'
                    AND r.scanned_at BETWEEN c.scanned_at - 600000 AND c.scanned_at)"
            }
        }
    }
}

/// How many checks bear a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubts {
    /// By [`Doubt::PossiblePassBack`].
    pub possible_pass_backs: i64,
    /// By [`Doubt::EstimatedTime`].
    pub estimated_times: i64,
    /// By [`Doubt::Run`].
    pub runs: i64,
    /// Devices whose clock was off by more than 30 s when they last showed it.
    pub clocks_off: usize,
}

/// Counts them; looks at every check.
pub async fn doubts(db: &Db) -> Result<Doubts, DbError> {
    db.read("doubts", |tx| {
        let mut count = |doubt| count(tx, doubt, "1 = 1", params![]);
        Ok(Doubts {
            possible_pass_backs: count(Doubt::PossiblePassBack)?,
            estimated_times: count(Doubt::EstimatedTime)?,
            runs: count(Doubt::Run)?,
            clocks_off: clocks_off(tx)?,
        })
    })
    .await
}

/// How many admissions of these days bear a mark: possible pass-backs, and estimated
/// times.
pub async fn of_days(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<(i64, i64), DbError> {
    db.read("doubts of days", move |tx| {
        let of_days = "c.business_day BETWEEN $1 AND $2
             AND NOT EXISTS (SELECT 1 FROM gate_cancellation x WHERE x.check_id = c.check_id)";
        let mut count = |doubt| count(tx, doubt, of_days, params![from, to]);
        Ok((
            count(Doubt::PossiblePassBack)?,
            count(Doubt::EstimatedTime)?,
        ))
    })
    .await
}

fn count(tx: &mut Tx<'_>, doubt: Doubt, of: &str, params: &[Value]) -> Result<i64, DbError> {
    let condition = doubt.condition();
    let sql = format!("SELECT COUNT(*) AS n FROM gate_check c WHERE {of} AND {condition}");
    tx.value(&sql, params)
}

fn clocks_off(tx: &mut Tx<'_>) -> Result<usize, DbError> {
    let states = report::states(tx)?;
    let offsets = states.iter().filter_map(|device| device.clock_offset_ms);
    Ok(offsets.filter(|ms| ms.abs() > CLOCK_TOLERANCE_MS).count())
}
