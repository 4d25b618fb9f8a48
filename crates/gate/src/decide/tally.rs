//! Sums over the checks, by hour and by day. Each changes in the transaction that
//! changes what it sums, so it is right whenever anybody looks; what a check adds
//! is taken from its row when it is taken back, whatever the site says by then.

use crate::Decision;
use db::{DbError, Tx, params};
use kernel::{BusinessDay, CheckId, DeviceCode, SectorCode};

/// Counts a decided check by its outcome.
pub(crate) fn decided(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    day: BusinessDay,
    decision: Decision,
) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_outcome_day (business_day, device, outcome, checks)
         VALUES ($1, $2, $3, 1)
         ON CONFLICT (business_day, device, outcome)
         DO UPDATE SET checks = gate_outcome_day.checks + 1",
        params![day, device, decision],
    )
}

/// The outcome of `record` holds no more: a follow-up overrules it.
pub(crate) fn overruled(tx: &mut Tx<'_>, record: CheckId) -> Result<(), DbError> {
    tx.run(
        "UPDATE gate_outcome_day SET checks = checks - 1
         WHERE (business_day, device, outcome) =
               (SELECT business_day, device, outcome FROM gate_check WHERE check_id = $1)",
        params![record],
    )
}

/// Counts an entry.
pub(crate) fn admitted(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    day: BusinessDay,
    hour: i64,
    sector: Option<&SectorCode>,
) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_attendance_hour (business_day, device, hour, sector, admitted, cancelled)
         VALUES ($1, $2, $3, $4, 1, 0)
         ON CONFLICT (business_day, device, hour, sector)
         DO UPDATE SET admitted = gate_attendance_hour.admitted + 1",
        params![day, device, hour, sector.map_or("", SectorCode::as_str)],
    )
}

/// The entry of `record` is cancelled. Gives the day it had counted for.
pub(crate) fn cancelled(tx: &mut Tx<'_>, record: CheckId) -> Result<BusinessDay, DbError> {
    tx.value(
        "UPDATE gate_attendance_hour SET admitted = admitted - 1, cancelled = cancelled + 1
         WHERE (business_day, device, hour, sector) =
               (SELECT business_day, device, hour, COALESCE(sector, '') FROM gate_check
                WHERE check_id = $1)
         RETURNING business_day",
        params![record],
    )
}

/// How many visitors the device admitted on `day`, without cancelled entries.
pub(crate) fn count_of_day(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    day: BusinessDay,
) -> Result<u32, DbError> {
    tx.value(
        "SELECT CAST(COALESCE(SUM(admitted), 0) AS BIGINT) FROM gate_attendance_hour
         WHERE business_day = $1 AND device = $2",
        params![day, device],
    )
}
