//! Sectors, doors and devices as a table, one row a device: what a spreadsheet
//! saves as CSV, or what is copied out of one. The format is in
//! `docs/interfaces/site-table.md`.

mod plan;
mod read;

pub use plan::{Becomes, Kind, Lookalike, TableChange};
pub use read::{read_site_table, site_table_text};

use crate::site::change::changing;
use crate::site::layout::{write_device, write_door, write_sector};
use crate::{Device, DeviceSettings, Door, Site, SiteError};
use csv::WriterBuilder;
use db::Tx;
use kernel::{DeviceCode, DoorCode, Language, SectorCode, no_formula};
use std::collections::{BTreeMap, BTreeSet};

/// The most rows below the header.
pub const ROWS_LIMIT: usize = 2_000;
/// The most bytes of a table.
pub const LIMIT_BYTES: usize = 1024 * 1024;
/// The columns, in the order in which they are written; behind them come the switches.
const COLUMNS: [&str; 8] = [
    "sector",
    "sector_name",
    "door",
    "device",
    "door_name",
    "device_name",
    "language",
    "direction",
];
/// Those that every table has.
const NEEDED: [&str; 4] = ["sector", "sector_name", "door", "device"];

/// All of them, by their names.
pub fn all_columns() -> impl Iterator<Item = &'static str> {
    let switches = DeviceSettings::SWITCHES.map(|(name, _)| name);
    COLUMNS.into_iter().chain(switches)
}

/// A table without mistakes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteTable {
    /// Sectors with their names; without one, a known sector keeps its own.
    sectors: BTreeMap<SectorCode, Option<String>>,
    doors: BTreeMap<DoorCode, SectorCode>,
    /// The doors that it names; the others keep what name they have.
    door_names: BTreeMap<DoorCode, String>,
    /// As the cells say, or else as is usual.
    devices: BTreeMap<DeviceCode, Device>,
    /// The columns that it has; what the others would say stays as it is.
    columns: BTreeSet<&'static str>,
}

impl SiteTable {
    /// Inserts or updates what the table holds, and says what the site was
    /// before. What is not in it stays.
    ///
    /// # Errors
    /// [`SiteError`]; `Missing` if the organisation has not been named.
    pub fn save(&self, tx: &mut Tx<'_>) -> Result<Site, SiteError> {
        let before = changing(tx)?;
        for (code, name) in &self.sectors {
            let kept = before.sectors.get(code).map(String::as_str);
            let name = name.as_deref().or(kept).unwrap_or(code.as_str());
            write_sector(tx, code, name)?;
        }
        for (code, sector) in &self.doors {
            let kept = before.doors.get(code).and_then(|door| door.name.as_ref());
            let door = Door {
                name: self.door_names.get(code).or(kept).cloned(),
                sectors: [sector.clone()].into(),
            };
            write_door(tx, code, &door)?;
        }
        for (code, device) in &self.devices {
            let then = self.over(device, before.devices.get(code));
            write_device(tx, code, &then)?;
        }
        Ok(before)
    }

    /// What becomes of a device that is there.
    fn over(&self, told: &Device, present: Option<&Device>) -> Device {
        let mut device = told.clone();
        let Some(present) = present else {
            return device;
        };
        let says = |column| self.columns.contains(&column);
        device.name = device.name.or_else(|| present.name.clone());
        if !says("language") {
            device.language = present.language;
        }
        if !says("direction") {
            device.settings.direction = present.settings.direction;
        }
        for (column, switch) in DeviceSettings::SWITCHES {
            if !says(column) {
                *switch(&mut device.settings) = *switch(&mut present.settings.clone());
            }
        }
        device
    }
}

/// The site as a table that [`read_site_table`] reads back, with semicolons. A
/// door that leads to no sector or to several shows up there as the mistake it is.
#[must_use]
pub fn write_site_table(site: &Site) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |sector: Option<&SectorCode>,
                   door: Option<&DoorCode>,
                   at: Option<&DeviceCode>| {
        let device = at.and_then(|code| site.devices.get(code));
        let settings = device.map(|device| device.settings);
        let cells = [
            sector.map(SectorCode::as_str),
            sector.and_then(|code| site.sectors.get(code).map(String::as_str)),
            door.map(DoorCode::as_str),
            at.map(DeviceCode::as_str),
            door.and_then(|code| site.doors.get(code)?.name.as_deref()),
            device.and_then(|device| device.name.as_deref()),
            device.and_then(|device| device.language.map(Language::as_str)),
            settings.map(|settings| settings.direction.as_str()),
        ];
        let switches = DeviceSettings::SWITCHES
            .map(|(_, switch)| settings.map(|mut of| if *switch(&mut of) { "yes" } else { "no" }));
        let cells = cells.into_iter().chain(switches);
        rows.push(
            cells
                .map(|cell| no_formula(cell.unwrap_or_default()))
                .collect(),
        );
    };
    let empty = site
        .sectors
        .keys()
        .filter(|code| site.doors_of(code).is_empty());
    for sector in empty {
        row(Some(sector), None, None);
    }
    for (door, Door { sectors, .. }) in &site.doors {
        let devices = site.devices_at(door);
        if devices.is_empty() {
            row(sectors.first(), Some(door), None);
        }
        for device in &devices {
            row(sectors.first(), Some(door), Some(device));
        }
        for other in sectors.iter().skip(1) {
            row(Some(other), Some(door), None);
        }
    }
    rows.sort();
    let mut writer = WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let header = all_columns().map(str::to_owned).collect();
    // Rows of one length, written to memory, cannot fail.
    for row in std::iter::once(header).chain(rows) {
        let _ = writer.write_record(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
