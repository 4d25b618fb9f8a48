//! One business day as those see it who watch it: who came in where and when,
//! and how checks were decided.

use db::{Db, DbError, params};
use kernel::{BusinessDay, SectorCode};
use std::collections::BTreeMap;

/// Visitors admitted on one day, without those whose entry was cancelled: by
/// sector, then by hour of the scan in the organisation's zone.
pub type Admitted = BTreeMap<SectorCode, BTreeMap<u8, i64>>;

/// Counts who was admitted on `day`.
///
/// # Errors
/// [`DbError`].
pub async fn admitted(db: &Db, day: BusinessDay) -> Result<Admitted, DbError> {
    db.read("admitted on a day", move |tx| {
        let mut admitted = Admitted::new();
        for row in tx.query(
            "SELECT sector, hour, CAST(SUM(admitted) AS BIGINT) AS admitted
             FROM gate_attendance_hour WHERE business_day = $1
             GROUP BY sector, hour HAVING SUM(admitted) <> 0",
            params![day],
        )? {
            let hour: i64 = row.get("hour")?;
            let hours = admitted.entry(row.get("sector")?).or_default();
            hours.insert(u8::try_from(hour).unwrap_or_default(), row.get("admitted")?);
        }
        Ok(admitted)
    })
    .await
}

/// Counts the checks of `day` by outcome or reason; the one that holds where a
/// device had admitted what was refused.
///
/// # Errors
/// [`DbError`].
pub async fn outcomes(db: &Db, day: BusinessDay) -> Result<BTreeMap<String, i64>, DbError> {
    db.read("outcomes of a day", move |tx| {
        tx.query(
            "SELECT outcome, CAST(SUM(checks) AS BIGINT) AS checks FROM gate_outcome_day
             WHERE business_day = $1 GROUP BY outcome HAVING SUM(checks) <> 0",
            params![day],
        )?
        .iter()
        .map(|row| Ok((row.get("outcome")?, row.get("checks")?)))
        .collect()
    })
    .await
}
