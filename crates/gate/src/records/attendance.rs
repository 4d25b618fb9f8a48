//! Attendance and outcomes: counts of checks over business days.

use db::{Db, DbError, Tx, params};
use kernel::BusinessDay;
use serde::Serialize;
use std::collections::BTreeMap;

/// The checks of a period, first and last day included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attendance {
    /// The first business day.
    pub from: BusinessDay,
    /// The last business day.
    pub to: BusinessDay,
    /// Checks decided.
    pub checks: i64,
    /// Visitors admitted, without those whose entry was cancelled.
    pub admitted: i64,
    /// Entries that were cancelled.
    pub cancelled: i64,
    /// Checks by outcome or reason; the one that holds where a device had
    /// admitted what was refused.
    pub by_outcome: BTreeMap<String, i64>,
    /// Admitted by sector.
    pub by_sector: BTreeMap<String, i64>,
    /// Admitted by hour of the scan, in the organisation's zone, two digits.
    pub by_hour: BTreeMap<String, i64>,
    /// Admitted by device.
    pub by_device: BTreeMap<String, i64>,
}

/// Counts the checks from `from` to `to`.
///
/// # Errors
/// [`DbError`].
pub async fn attendance(
    db: &Db,
    from: BusinessDay,
    to: BusinessDay,
) -> Result<Attendance, DbError> {
    db.read("attendance", move |tx| {
        let by_outcome = counts(
            tx,
            "SELECT outcome AS name, CAST(SUM(checks) AS BIGINT) AS checks FROM gate_outcome_day
             WHERE business_day >= $1 AND business_day <= $2
             GROUP BY outcome HAVING SUM(checks) <> 0",
            from,
            to,
        )?;
        let by_sector = counts(tx, BY_SECTOR, from, to)?;
        let by_hour = counts(
            tx,
            "SELECT SUBSTR(CAST(100 + hour AS TEXT), 2) AS name,
                    CAST(SUM(admitted) AS BIGINT) AS checks
             FROM gate_attendance_hour WHERE business_day >= $1 AND business_day <= $2
             GROUP BY hour HAVING SUM(admitted) <> 0",
            from,
            to,
        )?;
        let by_device = counts(tx, BY_DEVICE, from, to)?;
        let cancelled = tx
            .query_one(
                "SELECT CAST(COALESCE(SUM(cancelled), 0) AS BIGINT) AS cancelled
                 FROM gate_attendance_hour WHERE business_day >= $1 AND business_day <= $2",
                params![from, to],
            )?
            .get("cancelled")?;
        Ok(Attendance {
            from,
            to,
            checks: by_outcome.values().sum(),
            admitted: by_sector.values().sum(),
            cancelled,
            by_outcome,
            by_sector,
            by_hour,
            by_device,
        })
    })
    .await
}

const BY_SECTOR: &str = "
    SELECT sector AS name, CAST(SUM(admitted) AS BIGINT) AS checks FROM gate_attendance_hour
    WHERE business_day >= $1 AND business_day <= $2
    GROUP BY sector HAVING SUM(admitted) <> 0";

const BY_DEVICE: &str = "
    SELECT device AS name, CAST(SUM(admitted) AS BIGINT) AS checks FROM gate_attendance_hour
    WHERE business_day >= $1 AND business_day <= $2
    GROUP BY device HAVING SUM(admitted) <> 0";

/// Visitors admitted in a period, without those whose entry was cancelled; what
/// has none is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visitors {
    /// By day and hour, in this order.
    pub hours: Vec<HourCount>,
    /// By sector.
    pub by_sector: BTreeMap<String, i64>,
    /// By device.
    pub by_device: BTreeMap<String, i64>,
}

/// Visitors admitted within one hour of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourCount {
    /// The business day of the scans.
    pub business_day: BusinessDay,
    /// The hour of the scans in the organisation's zone: 0 to 23.
    pub hour: i64,
    /// How many visitors.
    pub admitted: i64,
}

/// Who came from `from` to `to`.
///
/// # Errors
/// [`DbError`].
pub async fn visitors(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<Visitors, DbError> {
    db.read("visitors", move |tx| {
        let hours = tx
            .query(
                "SELECT business_day, hour, CAST(SUM(admitted) AS BIGINT) AS admitted
                 FROM gate_attendance_hour WHERE business_day >= $1 AND business_day <= $2
                 GROUP BY business_day, hour HAVING SUM(admitted) <> 0
                 ORDER BY business_day, hour",
                params![from, to],
            )?
            .iter()
            .map(|row| {
                Ok(HourCount {
                    business_day: row.get("business_day")?,
                    hour: row.get("hour")?,
                    admitted: row.get("admitted")?,
                })
            })
            .collect::<Result<_, DbError>>()?;
        Ok(Visitors {
            hours,
            by_sector: counts(tx, BY_SECTOR, from, to)?,
            by_device: counts(tx, BY_DEVICE, from, to)?,
        })
    })
    .await
}

fn counts(
    tx: &mut Tx<'_>,
    sql: &str,
    from: BusinessDay,
    to: BusinessDay,
) -> Result<BTreeMap<String, i64>, DbError> {
    tx.query(sql, params![from, to])?
        .iter()
        .map(|row| Ok((row.get("name")?, row.get("checks")?)))
        .collect()
}

/// The first and the last business day with a check; `None` if there are none.
///
/// # Errors
/// [`DbError`].
pub async fn period(db: &Db) -> Result<Option<(BusinessDay, BusinessDay)>, DbError> {
    db.read("period", |tx| {
        let row = tx.query_one(
            "SELECT (SELECT MIN(business_day) FROM gate_outcome_day) AS first,
                    (SELECT MAX(business_day) FROM gate_outcome_day) AS last",
            params![],
        )?;
        Ok(row
            .get::<Option<BusinessDay>>("first")?
            .zip(row.get("last")?))
    })
    .await
}
