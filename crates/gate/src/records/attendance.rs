//! Attendance and outcomes: counts of checks over business days.

use db::{Db, DbError, FromValue, Tx, params};
use kernel::{BusinessDay, SectorCode};
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

/// A table of sums, and what of it is summed.
type Sums = (&'static str, &'static str);
const OUTCOMES: Sums = ("gate_outcome_day", "checks");
const ADMITTED: Sums = ("gate_attendance_hour", "admitted");
const CANCELLED: Sums = ("gate_attendance_hour", "cancelled");

/// Sums of a period by what `by` gives of each row, without those that are 0. The
/// statement is made of constants only.
fn sums<K: FromValue + Ord>(
    tx: &mut Tx<'_>,
    (table, sum): Sums,
    by: &str,
    (from, to): (BusinessDay, BusinessDay),
) -> Result<BTreeMap<K, i64>, DbError> {
    let sql = format!(
        "SELECT {by} AS name, CAST(SUM({sum}) AS BIGINT) AS sum FROM {table}
         WHERE business_day >= $1 AND business_day <= $2
         GROUP BY {by} HAVING SUM({sum}) <> 0"
    );
    tx.query(&sql, params![from, to])?
        .iter()
        .map(|row| Ok((row.get("name")?, row.get("sum")?)))
        .collect()
}

/// Counts the checks from `from` to `to`.
///
/// # Errors
/// If the database fails.
pub async fn attendance(
    db: &Db,
    from: BusinessDay,
    to: BusinessDay,
) -> Result<Attendance, DbError> {
    db.read("attendance", move |tx| {
        let period = (from, to);
        let by_outcome: BTreeMap<String, i64> = sums(tx, OUTCOMES, "outcome", period)?;
        let by_sector: BTreeMap<String, i64> = sums(tx, ADMITTED, "sector", period)?;
        let cancelled: BTreeMap<String, i64> = sums(tx, CANCELLED, "sector", period)?;
        Ok(Attendance {
            from,
            to,
            checks: by_outcome.values().sum(),
            admitted: by_sector.values().sum(),
            cancelled: cancelled.values().sum(),
            by_outcome,
            by_sector,
            by_hour: sums(tx, ADMITTED, "SUBSTR(CAST(100 + hour AS TEXT), 2)", period)?,
            by_device: sums(tx, ADMITTED, "device", period)?,
        })
    })
    .await
}

/// Counts the checks of `day` by outcome or reason; the one that holds where a
/// device had admitted what was refused.
///
/// # Errors
/// If the database fails.
pub async fn outcomes(db: &Db, day: BusinessDay) -> Result<BTreeMap<String, i64>, DbError> {
    db.read("outcomes of a day", move |tx| {
        sums(tx, OUTCOMES, "outcome", (day, day))
    })
    .await
}

/// Visitors admitted on one day, without those whose entry was cancelled: by
/// sector, then by hour of the scan in the organisation's zone.
pub type Admitted = BTreeMap<SectorCode, BTreeMap<u8, i64>>;

/// Counts who was admitted on `day`.
///
/// # Errors
/// If the database fails.
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
            by_sector: sums(tx, ADMITTED, "sector", (from, to))?,
            by_device: sums(tx, ADMITTED, "device", (from, to))?,
        })
    })
    .await
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
