//! Sectors, doors and devices as a table, one row a device: what a spreadsheet
//! saves as CSV, or what is copied out of one. The format is in
//! `docs/interfaces/site-table.md`.

mod plan;
mod read;

pub use plan::{Lookalike, TableChange};
pub use read::{read_site_table, site_table_text};

use crate::site::change::changing;
use crate::site::layout::{write_device, write_door, write_sector};
use crate::{Device, DeviceSettings, Direction, Door, Site, SiteError};
use csv::WriterBuilder;
use db::Tx;
use kernel::{DeviceCode, DoorCode, Language, SectorCode, no_formula};
use std::collections::BTreeMap;

/// The most rows below the header.
pub const ROWS_LIMIT: usize = 2_000;
/// The most bytes of a table.
pub const LIMIT_BYTES: usize = 1024 * 1024;
/// How many columns there are.
const COLUMNS: usize = 13;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// A sector's code.
    Sector,
    /// Its name.
    SectorName,
    /// The code of a door that leads to it.
    Door,
    /// The code of a device at that door.
    Device,
    /// The door's name.
    DoorName,
    /// The device's name.
    DeviceName,
    /// What its agent reads.
    Language,
    /// `entry` or `exit`.
    Direction,
    /// Whether its agent may switch to the other way.
    SwitchDirection,
    /// Whether its agent may let visitors in without Otipass.
    ForcedEntry,
    /// Whether its agent may let in one more person on a code.
    SeveralPersons,
    /// Whether its agent may look at a pass without recording an entry.
    HelpDesk,
    /// Whether it makes sounds.
    Sound,
}

impl Column {
    /// All, in the order in which they are written.
    pub const ALL: [Self; COLUMNS] = [
        Self::Sector,
        Self::SectorName,
        Self::Door,
        Self::Device,
        Self::DoorName,
        Self::DeviceName,
        Self::Language,
        Self::Direction,
        Self::SwitchDirection,
        Self::ForcedEntry,
        Self::SeveralPersons,
        Self::HelpDesk,
        Self::Sound,
    ];

    /// Those that every table has.
    pub const NEEDED: [Self; 4] = [Self::Sector, Self::SectorName, Self::Door, Self::Device];

    /// Its name in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sector => "sector",
            Self::SectorName => "sector_name",
            Self::Door => "door",
            Self::Device => "device",
            Self::DoorName => "door_name",
            Self::DeviceName => "device_name",
            Self::Language => "language",
            Self::Direction => "direction",
            Self::SwitchDirection => "switch_direction",
            Self::ForcedEntry => "forced_entry",
            Self::SeveralPersons => "several_persons",
            Self::HelpDesk => "help_desk",
            Self::Sound => "sound",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace(' ', "_");
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// A table without mistakes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteTable {
    /// Sectors with their names; without one, a known sector keeps its own.
    sectors: BTreeMap<SectorCode, Option<String>>,
    doors: BTreeMap<DoorCode, SectorCode>,
    /// The doors that it names; the others keep what name they have.
    door_names: BTreeMap<DoorCode, String>,
    devices: BTreeMap<DeviceCode, DeviceCells>,
}

/// What the table says of a device; a column that is not there says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DeviceCells {
    /// Without one, a known device keeps its own.
    name: Option<String>,
    door: DoorCode,
    language: Said<Option<Language>>,
    direction: Said<Direction>,
    may_switch_direction: Said<bool>,
    forced_entry: Said<bool>,
    several_persons: Said<bool>,
    help_desk: Said<bool>,
    sound: Said<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said<T> {
    /// There is no such column.
    Nothing,
    /// The cell says this; an empty one says what is usual.
    This(T),
}

impl<T> Said<T> {
    fn or(self, present: T) -> T {
        match self {
            Self::Nothing => present,
            Self::This(value) => value,
        }
    }
}

impl DeviceCells {
    fn over(&self, present: Option<&Device>) -> Device {
        let settings = present.map(|device| device.settings).unwrap_or_default();
        let kept = || present.and_then(|device| device.name.clone());
        Device {
            name: self.name.clone().or_else(kept),
            door: self.door.clone(),
            language: self.language.or(present.and_then(|device| device.language)),
            settings: DeviceSettings {
                direction: self.direction.or(settings.direction),
                may_switch_direction: self.may_switch_direction.or(settings.may_switch_direction),
                forced_entry: self.forced_entry.or(settings.forced_entry),
                several_persons: self.several_persons.or(settings.several_persons),
                help_desk: self.help_desk.or(settings.help_desk),
                sound: self.sound.or(settings.sound),
            },
        }
    }
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
        for (code, cells) in &self.devices {
            write_device(tx, code, &cells.over(before.devices.get(code)))?;
        }
        Ok(before)
    }
}

/// The site as a table that [`read_site_table`] reads back, with semicolons. A
/// door that leads to no sector or to several shows up there as the mistake it is.
#[must_use]
pub fn write_site_table(site: &Site) -> String {
    let mut rows: Vec<[String; COLUMNS]> = Vec::new();
    let mut row =
        |sector: Option<&SectorCode>, door: Option<&DoorCode>, at: Option<&DeviceCode>| {
            let name = sector.and_then(|code| site.sectors.get(code));
            let door_name = door.and_then(|code| site.doors.get(code)?.name.as_deref());
            let device = at.and_then(|code| site.devices.get(code));
            let device_name = device.and_then(|device| device.name.as_deref());
            let yes = |get: fn(&DeviceSettings) -> bool| {
                let says = device.map(|device| if get(&device.settings) { "yes" } else { "no" });
                says.unwrap_or_default().to_owned()
            };
            rows.push([
                no_formula(sector.map_or("", SectorCode::as_str)),
                no_formula(name.map_or("", String::as_str)),
                no_formula(door.map_or("", DoorCode::as_str)),
                no_formula(at.map_or("", DeviceCode::as_str)),
                no_formula(door_name.unwrap_or_default()),
                no_formula(device_name.unwrap_or_default()),
                device
                    .and_then(|device| device.language)
                    .map_or("", Language::as_str)
                    .to_owned(),
                device
                    .map_or("", |device| device.settings.direction.as_str())
                    .to_owned(),
                yes(|settings| settings.may_switch_direction),
                yes(|settings| settings.forced_entry),
                yes(|settings| settings.several_persons),
                yes(|settings| settings.help_desk),
                yes(|settings| settings.sound),
            ]);
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
    let header = Column::ALL.map(|column| column.as_str().to_owned());
    // Rows of one length, written to memory, cannot fail.
    for row in std::iter::once(header).chain(rows) {
        let _ = writer.write_record(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
