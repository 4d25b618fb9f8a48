//! Attendance and outcomes: counts of checks over business days.

use db::{Db, DbError, FromRow, FromValue, Row, Sums, Tx, params};
use kernel::{BusinessDay, DeviceCode, SectorCode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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

const OUTCOMES: Sums = Sums {
    table: "gate_outcome_day",
    of: &["checks"],
};
const ADMITTED: Sums = Sums {
    table: "gate_attendance_hour",
    of: &["admitted"],
};
const CANCELLED: Sums = Sums {
    of: &["cancelled"],
    ..ADMITTED
};

/// One sum of a period by one column.
fn sums<K: FromValue + Ord>(
    tx: &mut Tx<'_>,
    sums: Sums,
    by: &str,
    (from, to): (BusinessDay, BusinessDay),
) -> Result<BTreeMap<K, i64>, DbError> {
    let rows = sums.by(tx, by, from, to)?;
    let pair = |row: &Row| Ok((row.get(by)?, row.get(sums.of[0])?));
    rows.iter().map(pair).collect()
}

/// The devices that admitted visitors later in the day than in `hour`, on so many of
/// the last four days of the same name.
pub async fn used_after(
    db: &Db,
    day: BusinessDay,
    hour: u8,
    days: i64,
) -> Result<BTreeSet<DeviceCode>, DbError> {
    let [first, second, third, fourth] = [7, 14, 21, 28].map(|past| day.plus_days(-past));
    db.read("devices used later", move |tx| {
        let devices = tx.column(
            "SELECT device FROM gate_attendance_hour
             WHERE business_day IN ($1, $2, $3, $4) AND hour > $5
             GROUP BY device HAVING COUNT(DISTINCT business_day) >= $6",
            params![first, second, third, fourth, i64::from(hour), days],
        )?;
        Ok(devices.into_iter().collect())
    })
    .await
}

/// Counts the checks from `from` to `to`.
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
        let by_hour: BTreeMap<i64, i64> = sums(tx, ADMITTED, "hour", period)?;
        let hour = |(hour, sum)| (format!("{hour:02}"), sum);
        Ok(Attendance {
            from,
            to,
            checks: by_outcome.values().sum(),
            admitted: by_sector.values().sum(),
            cancelled: cancelled.values().sum(),
            by_outcome,
            by_sector,
            by_hour: by_hour.into_iter().map(hour).collect(),
            by_device: sums(tx, ADMITTED, "device", period)?,
        })
    })
    .await
}

/// Counts the checks of `day` by outcome or reason; the one that holds where a
/// device had admitted what was refused.
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
pub async fn admitted(db: &Db, day: BusinessDay) -> Result<Admitted, DbError> {
    db.read("admitted on a day", move |tx| {
        let mut admitted = Admitted::new();
        for row in ADMITTED.by(tx, "sector, hour", day, day)? {
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

db::from_row! { HourCount { business_day, hour, admitted } }

/// Who came from `from` to `to`.
pub async fn visitors(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<Visitors, DbError> {
    db.read("visitors", move |tx| {
        let hours = ADMITTED.by(tx, "business_day, hour", from, to)?;
        let hours: Result<_, DbError> = hours.iter().map(HourCount::from_row).collect();
        Ok(Visitors {
            hours: hours?,
            by_sector: sums(tx, ADMITTED, "sector", (from, to))?,
            by_device: sums(tx, ADMITTED, "device", (from, to))?,
        })
    })
    .await
}

/// The first and the last business day with a check; `None` if there are none.
pub async fn period(db: &Db) -> Result<Option<(BusinessDay, BusinessDay)>, DbError> {
    db.read("period", |tx| OUTCOMES.days(tx)).await
}
