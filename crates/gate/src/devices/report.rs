//! What devices say of themselves, and what is known of each.

use crate::devices::Devices;
use crate::{DeviceReport, Mode};
use db::{Db, DbError, FromRow, Row, Tx, params};
use kernel::{CheckId, DeviceCode, DoorCode, SectorCode, Timestamp};

/// How far a device's clock may be off before people are told, in milliseconds.
pub const CLOCK_TOLERANCE_MS: i64 = 30_000;

/// A device as the gate last heard of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// Its code.
    pub device: DeviceCode,
    /// The door it is linked to.
    pub door: DoorCode,
    /// The sectors that door leads to.
    pub sectors: Vec<SectorCode>,
    /// When the gate heard of it last: it asked for its snapshot, or a check of it
    /// arrived.
    pub seen_at: Option<Timestamp>,
    /// When it asked for its snapshot last, and said what follows of itself.
    pub reported_at: Option<Timestamp>,
    /// How far its clock was off when it last told the time, or showed it by a
    /// check, in milliseconds: above 0 if it is fast.
    pub clock_offset_ms: Option<i64>,
    /// How much its journal held.
    pub unsent: Option<u32>,
    /// When the oldest of that was scanned.
    pub oldest_unsent_at: Option<Timestamp>,
    /// What was left in its battery.
    pub battery_percent: Option<u32>,
    /// Whether it decided by itself.
    pub mode: Option<Mode>,
    /// How many tokens it has that are not revoked.
    pub tokens: i64,
}

impl Devices {
    /// Notes that `device` was heard of, and what it says of itself.
    pub async fn note_seen(&self, device: DeviceCode, report: DeviceReport) -> Result<(), DbError> {
        let now = self.clock.now();
        self.db
            .write("device seen", move |tx| save(tx, &device, report, now))
            .await
    }

    /// Notes that a check of this id, which is about to be made in a device's name, says
    /// nothing of the device.
    pub async fn note_test(&self, check: CheckId) -> Result<(), DbError> {
        let note = move |tx: &mut Tx<'_>| {
            let sql = "INSERT INTO gate_test_check (check_id) VALUES ($1)
                 ON CONFLICT (check_id) DO NOTHING";
            tx.run(sql, params![check])
        };
        self.db.write("test check", note).await
    }
}

fn save(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    report: DeviceReport,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        "UPDATE gate_device
         SET seen_at = $2,
             clock_offset_ms = COALESCE($3, clock_offset_ms),
             unsent = COALESCE($4, unsent),
             -- An empty journal has no oldest check.
             oldest_unsent_at = CASE WHEN COALESCE($4, unsent) = 0 THEN NULL
                                     ELSE COALESCE($5, oldest_unsent_at) END,
             battery_percent = COALESCE($6, battery_percent),
             mode = COALESCE($7, mode)
         WHERE code = $1",
        params![
            device,
            now,
            report.device_time.map(|time| time.millis() - now.millis()),
            report.unsent,
            report.oldest_unsent,
            report.battery_percent,
            report.mode,
        ],
    )
}

/// All devices as the gate last heard of them, by code.
pub async fn devices(db: &Db) -> Result<Vec<DeviceState>, DbError> {
    db.read("devices", states).await
}

pub(crate) fn states(tx: &mut Tx<'_>) -> Result<Vec<DeviceState>, DbError> {
    // Each check shows how far its device's clock was off, unless its time is an
    // estimate of what that clock showed.
    let mut devices: Vec<DeviceState> = tx.query_as(
        "SELECT d.*, (SELECT COUNT(*) FROM gate_device_token t
                      WHERE t.device = d.code AND t.revoked_at IS NULL) AS tokens,
                (SELECT c.arrived_at FROM gate_check c WHERE c.device = d.code
                     AND NOT EXISTS (SELECT 1 FROM gate_test_check t
                                     WHERE t.check_id = c.check_id)
                 ORDER BY c.arrived_at DESC LIMIT 1) AS checked_at,
                (SELECT CASE WHEN c.time_estimated = 0 THEN c.device_time - c.scanned_at END
                 FROM gate_check c WHERE c.device = d.code
                     AND NOT EXISTS (SELECT 1 FROM gate_test_check t
                                     WHERE t.check_id = c.check_id)
                 ORDER BY c.arrived_at DESC LIMIT 1) AS shown_ahead_ms
         FROM gate_device d ORDER BY d.code",
        params![],
    )?;
    let doors: Vec<(DoorCode, SectorCode)> = tx.query_as(
        "SELECT door, sector FROM gate_door_sector ORDER BY door, sector",
        params![],
    )?;
    for (door, sector) in doors {
        for device in devices.iter_mut().filter(|device| device.door == door) {
            device.sectors.push(sector.clone());
        }
    }
    Ok(devices)
}

impl FromRow for DeviceState {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let (reported_at, checked_at): (Option<Timestamp>, Option<Timestamp>) =
            (row.get("seen_at")?, row.get("checked_at")?);
        let (said, shown): (Option<i64>, Option<i64>) =
            (row.get("clock_offset_ms")?, row.get("shown_ahead_ms")?);
        Ok(Self {
            device: row.get("code")?,
            door: row.get("door")?,
            sectors: Vec::new(),
            seen_at: reported_at.max(checked_at),
            reported_at,
            clock_offset_ms: if checked_at > reported_at {
                shown.or(said)
            } else {
                said.or(shown)
            },
            unsent: row.get("unsent")?,
            oldest_unsent_at: row.get("oldest_unsent_at")?,
            battery_percent: row.get("battery_percent")?,
            mode: row.get("mode")?,
            tokens: row.get("tokens")?,
        })
    }
}
