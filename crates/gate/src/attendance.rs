//! Attendance and outcomes: counts of checks over business days.

use crate::Gate;
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
            "SELECT outcome AS name, COUNT(*) AS checks FROM gate_check
             WHERE business_day BETWEEN $1 AND $2
               AND NOT EXISTS (SELECT 1 FROM gate_check f WHERE f.follows = gate_check.check_id)
             GROUP BY outcome",
            from,
            to,
        )?;
        let by_sector = counts(
            tx,
            "SELECT sector AS name, COUNT(*) AS checks FROM gate_check
             WHERE business_day BETWEEN $1 AND $2 AND admitted = 1 AND NOT EXISTS
               (SELECT 1 FROM gate_cancellation x WHERE x.check_id = gate_check.check_id)
             GROUP BY sector",
            from,
            to,
        )?;
        let by_hour = counts(
            tx,
            "SELECT SUBSTR(CAST(100 + hour AS TEXT), 2) AS name, COUNT(*) AS checks FROM gate_check
             WHERE business_day BETWEEN $1 AND $2 AND admitted = 1 AND NOT EXISTS
               (SELECT 1 FROM gate_cancellation x WHERE x.check_id = gate_check.check_id)
             GROUP BY hour",
            from,
            to,
        )?;
        let by_device = counts(
            tx,
            "SELECT device AS name, COUNT(*) AS checks FROM gate_check
             WHERE business_day BETWEEN $1 AND $2 AND admitted = 1 AND NOT EXISTS
               (SELECT 1 FROM gate_cancellation x WHERE x.check_id = gate_check.check_id)
             GROUP BY device",
            from,
            to,
        )?;
        let cancelled = tx
            .query_one(
                "SELECT COUNT(*) AS cancelled FROM gate_cancellation x
                 JOIN gate_check c ON c.check_id = x.check_id
                 WHERE c.business_day BETWEEN $1 AND $2",
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

/// Visitors admitted in one sector within one hour of one day, without those
/// whose entry was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourCount {
    /// The business day of the scans.
    pub business_day: BusinessDay,
    /// The sector's code.
    pub sector: String,
    /// The hour of the scans in the organisation's zone: 0 to 23.
    pub hour: i64,
    /// How many visitors.
    pub admitted: i64,
}

/// Admissions from `from` to `to`, by day, sector and hour; what has none is
/// left out.
///
/// # Errors
/// [`DbError`].
pub async fn by_hour(
    db: &Db,
    from: BusinessDay,
    to: BusinessDay,
) -> Result<Vec<HourCount>, DbError> {
    db.read("attendance by hour", move |tx| {
        // The first part is read from an index alone; cancellations are few.
        tx.query(
            "SELECT day, sector, hour, CAST(SUM(n) AS BIGINT) AS admitted
             FROM (SELECT business_day AS day, sector, hour, COUNT(*) AS n
                   FROM gate_check
                   WHERE business_day >= $1 AND business_day <= $2 AND admitted = 1
                   GROUP BY business_day, sector, hour
                   UNION ALL
                   SELECT c.business_day, c.sector, c.hour, -COUNT(*)
                   FROM gate_cancellation x JOIN gate_check c ON c.check_id = x.check_id
                   WHERE c.business_day >= $1 AND c.business_day <= $2 AND c.admitted = 1
                   GROUP BY c.business_day, c.sector, c.hour) AS part
             GROUP BY day, sector, hour HAVING SUM(n) <> 0
             ORDER BY day, sector, hour",
            params![from, to],
        )?
        .iter()
        .map(|row| {
            Ok(HourCount {
                business_day: row.get("day")?,
                sector: row.get::<Option<String>>("sector")?.unwrap_or_default(),
                hour: row.get("hour")?,
                admitted: row.get("admitted")?,
            })
        })
        .collect()
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
            "SELECT MIN(business_day) AS first, MAX(business_day) AS last FROM gate_check",
            params![],
        )?;
        Ok(row
            .get::<Option<BusinessDay>>("first")?
            .zip(row.get("last")?))
    })
    .await
}

impl Gate {
    /// How many visitors `device` has admitted today, without cancelled entries.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn count_today(&self, device: kernel::DeviceCode) -> Result<i64, DbError> {
        let today = self.site().zone.business_day(self.clock.now());
        self.db
            .read("count today", move |tx| {
                let row = tx.query_opt(
                    "SELECT admitted FROM gate_device_day WHERE device = $1 AND business_day = $2",
                    params![&device, today],
                )?;
                row.map_or(Ok(0), |row| row.get("admitted"))
            })
            .await
    }
}
