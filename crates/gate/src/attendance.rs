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
