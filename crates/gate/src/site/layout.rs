//! The site as decisions see it: which device leads to which sector.

use crate::DeviceSettings;
use crate::json::Json;
use db::{DbError, Tx, params};
use kernel::{
    DeviceCode, DoorCode, InstitutionCode, Language, Organisation, OrganisationCode, SectorCode,
    Zone,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An organisation with its sectors, doors and devices.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// SecuTix's upper level.
    pub institution: InstitutionCode,
    /// SecuTix's lower level.
    pub organisation: OrganisationCode,
    /// What people call it.
    pub name: String,
    /// Whose days and hours reports count.
    pub zone: Zone,
    /// ISO 4217.
    pub currency: String,
    /// What agents read where their device says nothing else.
    pub language: Language,
    /// Sectors with their names.
    pub sectors: BTreeMap<SectorCode, String>,
    /// Doors, with where they lead.
    pub doors: BTreeMap<DoorCode, Door>,
    /// Scanners and turnstiles.
    pub devices: BTreeMap<DeviceCode, Device>,
}

/// A door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Door {
    /// What people call it, if not by its code.
    pub name: Option<String>,
    /// The sectors it leads to.
    pub sectors: BTreeSet<SectorCode>,
}

/// A scanner or turnstile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// What people call it, if not by its code.
    pub name: Option<String>,
    /// The door it is linked to.
    pub door: DoorCode,
    /// What its agent reads, if not the site's language.
    pub language: Option<Language>,
    /// What it may do.
    pub settings: DeviceSettings,
}

/// Why the site could not be kept or loaded.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// Nothing has been set up yet.
    #[error(
        "no site has been set up; name the organisation in the back office, or apply a site file: passerelle apply"
    )]
    Missing,
    /// The database failed.
    #[error("the site could not be read or written")]
    Db(#[from] DbError),
}

impl Site {
    /// Whose it is.
    #[must_use]
    pub fn whose(&self) -> Organisation {
        Organisation {
            institution: self.institution.clone(),
            organisation: self.organisation.clone(),
            name: self.name.clone(),
            zone: self.zone.clone(),
            currency: self.currency.clone(),
            language: self.language,
        }
    }

    /// The one sector `device` leads to; `None` if it is unknown, or leads to
    /// none or to several.
    #[must_use]
    pub fn sector_of(&self, device: &DeviceCode) -> Option<&SectorCode> {
        let device = self.devices.get(device)?;
        let mut sectors = self.doors.get(&device.door)?.sectors.iter();
        match (sectors.next(), sectors.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// What people call `device`, if not by its code.
    #[must_use]
    pub fn name_of(&self, device: &DeviceCode) -> Option<String> {
        self.devices.get(device)?.name.clone()
    }

    /// The door that `device` stands at, and what people call it, if not by its code.
    #[must_use]
    pub fn door_of(&self, device: &DeviceCode) -> (Option<DoorCode>, Option<String>) {
        let door = self.devices.get(device).map(|device| &device.door);
        let name = door.and_then(|door| self.doors.get(door)?.name.clone());
        (door.cloned(), name)
    }

    /// The doors that lead to `sector`, and perhaps to others too.
    #[must_use]
    pub fn doors_of(&self, sector: &SectorCode) -> Vec<DoorCode> {
        let doors = self.doors.iter();
        doors
            .filter(|(_, door)| door.sectors.contains(sector))
            .map(|(code, _)| code.clone())
            .collect()
    }

    /// The devices that stand at `door`.
    #[must_use]
    pub fn devices_at(&self, door: &DoorCode) -> Vec<DeviceCode> {
        let devices = self.devices.iter();
        devices
            .filter(|(_, device)| device.door == *door)
            .map(|(code, _)| code.clone())
            .collect()
    }

    /// What the agent at `device` reads.
    #[must_use]
    pub fn language_of(&self, device: &DeviceCode) -> Language {
        self.devices
            .get(device)
            .and_then(|device| device.language)
            .unwrap_or(self.language)
    }

    /// What `device` may do.
    #[must_use]
    pub fn settings_of(&self, device: &DeviceCode) -> DeviceSettings {
        self.devices
            .get(device)
            .map(|device| device.settings)
            .unwrap_or_default()
    }

    /// Inserts or updates all of it. What is in the database and not here stays,
    /// except that a door leads just where it leads here. A running gate takes it
    /// up within a second.
    pub fn save(&self, tx: &mut Tx<'_>) -> Result<(), SiteError> {
        save_organisation(tx, &self.whose())?;
        for (code, name) in &self.sectors {
            write_sector(tx, code, name)?;
        }
        for (code, door) in &self.doors {
            write_door(tx, code, door)?;
        }
        for (code, device) in &self.devices {
            write_device(tx, code, device)?;
        }
        Ok(())
    }

    /// The site that the database holds.
    pub fn load(tx: &mut Tx<'_>) -> Result<Self, SiteError> {
        let row = tx
            .query_opt("SELECT * FROM gate_site WHERE id = 1", params![])?
            .ok_or(SiteError::Missing)?;
        let mut site = Self {
            institution: row.get("institution")?,
            organisation: row.get("organisation")?,
            name: row.get("name")?,
            zone: row.get("timezone")?,
            currency: row.get("currency")?,
            language: known_language(row.get("language")?).unwrap_or_default(),
            sectors: BTreeMap::new(),
            doors: BTreeMap::new(),
            devices: BTreeMap::new(),
        };
        site.sectors
            .extend(tx.query_as::<(_, _)>("SELECT code, name FROM gate_sector", params![])?);
        for (code, name) in tx.query_as("SELECT code, name FROM gate_door", params![])? {
            let sectors = BTreeSet::new();
            site.doors.insert(code, Door { name, sectors });
        }
        for (door, sector) in tx.query_as("SELECT door, sector FROM gate_door_sector", params![])? {
            site.doors.entry(door).or_default().sectors.insert(sector);
        }
        for row in tx.query("SELECT * FROM gate_device", params![])? {
            let device = Device {
                name: row.get("name")?,
                door: row.get("door")?,
                language: known_language(row.get("language")?),
                settings: row.get::<Json<_>>("settings")?.0,
            };
            site.devices.insert(row.get("code")?, device);
        }
        Ok(site)
    }
}

/// Names the organisation; what stands in the site stays. It is the first thing
/// there is of a site.
pub fn save_organisation(tx: &mut Tx<'_>, of: &Organisation) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_site (id, institution, organisation, name, timezone, currency, language, revision)
         VALUES (1, $1, $2, $3, $4, $5, $6, 1)
         ON CONFLICT (id) DO UPDATE SET institution = $1, organisation = $2, name = $3,
             timezone = $4, currency = $5, language = $6, revision = gate_site.revision + 1",
        params![
            &of.institution,
            &of.organisation,
            &of.name,
            &of.zone,
            &of.currency,
            of.language
        ],
    )
}

/// Inserts or updates a sector.
pub(crate) fn write_sector(tx: &mut Tx<'_>, code: &SectorCode, name: &str) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_sector (code, name) VALUES ($1, $2)
         ON CONFLICT (code) DO UPDATE SET name = $2",
        params![code, name],
    )
}

/// Inserts or updates a door, which leads just where it leads here.
pub(crate) fn write_door(tx: &mut Tx<'_>, code: &DoorCode, door: &Door) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO gate_door (code, name) VALUES ($1, $2)
         ON CONFLICT (code) DO UPDATE SET name = $2",
        params![code, door.name.as_deref()],
    )?;
    tx.execute(
        "DELETE FROM gate_door_sector WHERE door = $1",
        params![code],
    )?;
    for sector in &door.sectors {
        tx.execute(
            "INSERT INTO gate_door_sector (door, sector) VALUES ($1, $2)",
            params![code, sector],
        )?;
    }
    Ok(())
}

/// Inserts or updates a device. What it last said of itself stays, and settings that only
/// a newer version knows.
pub(crate) fn write_device(
    tx: &mut Tx<'_>,
    code: &DeviceCode,
    device: &Device,
) -> Result<(), DbError> {
    let known: Option<Json<Map<String, Value>>> = tx.value_opt(
        "SELECT settings FROM gate_device WHERE code = $1",
        params![code],
    )?;
    let mut settings = known.map_or_else(Map::new, |Json(known)| known);
    if let Value::Object(ours) = json!(device.settings) {
        settings.extend(ours);
    }
    tx.run(
        "INSERT INTO gate_device (code, door, language, name, settings)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (code) DO UPDATE SET door = $2, language = $3, name = $4, settings = $5",
        params![
            code,
            &device.door,
            device.language,
            device.name.as_deref(),
            json!(settings).to_string(),
        ],
    )
}

/// A language that a later version might have known and this one does not is
/// as good as none.
fn known_language(code: Option<String>) -> Option<Language> {
    code.and_then(|code| code.parse().ok())
}
