//! What the set-up meant for each device, revision by revision.
//!
//! A device that is off the line goes on with the set-up it has heard of. What it
//! did is booked by that set-up, however much later its journal comes: its checks
//! name the revision.

use super::layout::Site;
use super::settings::InterfaceSettings;
use crate::json::Json;
use db::{DbError, Row, Tx, params};
use deviceapi::Detection;
use kernel::{DeviceCode, DoorCode, SectorCode, Timestamp};
use otipass::{Mapping, SectorInfo};
use serde_json::json;
use std::collections::BTreeMap;

/// What one device stood for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Its door; `None` once it is gone from the site.
    pub door: Option<DoorCode>,
    /// The one sector behind the door, if it is mapped, and what that was to
    /// Otipass and to ticketing.
    pub sector: Option<(SectorCode, SectorInfo)>,
}

impl Meaning {
    /// What `device` stands for.
    #[must_use]
    pub fn of(device: &DeviceCode, site: &Site, mapping: &Mapping) -> Self {
        let sector = site.sector_of(device);
        Self {
            door: site.devices.get(device).map(|device| device.door.clone()),
            sector: sector
                .and_then(|sector| Some((sector.clone(), mapping.sectors.get(sector)?.clone()))),
        }
    }
}

/// The revision in which `site` and the interface stand: the latest, or a new one
/// if they mean something else for any device, or tell a pass otherwise from another
/// code. Only what changed is written.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    site: &Site,
    settings: &InterfaceSettings,
    now: Timestamp,
) -> Result<i64, DbError> {
    let latest = tx.query_opt(
        "SELECT revision, detection FROM gate_revision ORDER BY revision DESC LIMIT 1",
        params![],
    )?;
    let (latest, former) = match latest {
        Some(row) => (row.get("revision")?, Some(detection_of(&row)?)),
        None => (0, None),
    };
    let (mapping, detection) = (&settings.mapping, &settings.detection);
    let mut known = BTreeMap::new();
    for row in tx.query(
        "SELECT * FROM gate_revision_device d WHERE revision =
             (SELECT MAX(revision) FROM gate_revision_device e WHERE e.device = d.device)",
        params![],
    )? {
        known.insert(row.get::<DeviceCode>("device")?, read(&row)?);
    }
    let present = site.devices.keys().chain(known.keys());
    let present: BTreeMap<_, _> = present
        .map(|device| (device.clone(), Meaning::of(device, site, mapping)))
        .collect();
    let mut changed = present
        .into_iter()
        .filter(|(device, meaning)| known.get(device) != Some(meaning))
        .peekable();
    if changed.peek().is_none() && former.as_ref() == Some(detection) {
        return Ok(latest);
    }
    let revision: i64 = latest + 1;
    let detection = json!(detection).to_string();
    tx.execute(
        "INSERT INTO gate_revision (revision, detection, made_at) VALUES ($1, $2, $3)",
        params![revision, detection, now],
    )?;
    for (device, Meaning { door, sector }) in changed {
        let (sector, info) = sector.unzip();
        tx.execute(
            "INSERT INTO gate_revision_device
                 (device, revision, door, sector, service_id, space_id, season, product)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                device,
                revision,
                door,
                sector,
                info.as_ref().map(|info| info.service_id.as_str()),
                info.as_ref().map(|info| info.space_id.as_str()),
                info.as_ref().map(|info| &info.season),
                info.as_ref().map(|info| &info.product),
            ],
        )?;
    }
    Ok(revision)
}

/// What `device` stood for in `revision`, and how it told a pass from another code;
/// `None` if there was no such revision, or no such device by then.
pub(crate) fn meant(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    revision: i64,
) -> Result<Option<(Meaning, Detection)>, DbError> {
    tx.query_opt(
        "SELECT d.*, r.detection
         FROM gate_revision r JOIN gate_revision_device d ON d.revision <= r.revision
         WHERE r.revision = $2 AND d.device = $1
         ORDER BY d.revision DESC LIMIT 1",
        params![device, revision],
    )?
    .map(|row| Ok((read(&row)?, detection_of(&row)?)))
    .transpose()
}

/// The revision that held at a moment; `None` before the first.
pub(crate) fn of(tx: &mut Tx<'_>, moment: Timestamp) -> Result<Option<i64>, DbError> {
    tx.value(
        "SELECT MAX(revision) FROM gate_revision WHERE made_at <= $1",
        params![moment],
    )
}

fn detection_of(row: &Row) -> Result<Detection, DbError> {
    Ok(row.get::<Json<_>>("detection")?.0)
}

fn read(row: &Row) -> Result<Meaning, DbError> {
    let sector: Option<SectorCode> = row.get("sector")?;
    let sector = sector.map(|sector| {
        let info = SectorInfo {
            service_id: row.get("service_id")?,
            space_id: row.get("space_id")?,
            season: row.get("season")?,
            product: row.get("product")?,
        };
        Ok::<_, DbError>((sector, info))
    });
    Ok(Meaning {
        door: row.get("door")?,
        sector: sector.transpose()?,
    })
}
