//! What taking a table would change, before it is taken.

use super::SiteTable;
use crate::Site;
use crate::site::change::SiteChangeError;
use kernel::{DeviceCode, DoorCode, SectorCode};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// One thing that taking a table changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableChange {
    /// A sector is added.
    NewSector(SectorCode),
    /// A sector gets another name.
    SectorNamed {
        /// Which.
        sector: SectorCode,
        /// Its name now.
        from: String,
        /// Its name then.
        to: String,
    },
    /// A door is added.
    NewDoor {
        /// Which.
        door: DoorCode,
        /// Where it leads.
        sector: SectorCode,
    },
    /// A door gets another name.
    DoorNamed {
        /// Which.
        door: DoorCode,
        /// Its name now, or its code.
        from: String,
        /// Its name then.
        to: String,
    },
    /// A door leads elsewhere.
    DoorMoved {
        /// Which.
        door: DoorCode,
        /// Where it leads now.
        from: BTreeSet<SectorCode>,
        /// Where it leads then.
        to: SectorCode,
    },
    /// A device is added.
    NewDevice {
        /// Which.
        device: DeviceCode,
        /// Where it stands.
        door: DoorCode,
    },
    /// A device gets another name.
    DeviceNamed {
        /// Which.
        device: DeviceCode,
        /// Its name now, or its code.
        from: String,
        /// Its name then.
        to: String,
    },
    /// A device stands elsewhere.
    DeviceMoved {
        /// Which.
        device: DeviceCode,
        /// Where it stands now.
        from: DoorCode,
        /// Where it stands then.
        to: DoorCode,
    },
    /// A device has another language or other settings.
    DeviceSet(DeviceCode),
}

/// A code that is new, and one slip away from one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookalike {
    /// `sector`, `door` or `device`.
    pub kind: &'static str,
    /// The code in the table.
    pub code: String,
    /// The code that is there.
    pub known: String,
}

impl SiteTable {
    /// What taking it would change of `site`, sectors first. What is not in it stays.
    #[must_use]
    pub fn changes(&self, site: &Site) -> Vec<TableChange> {
        let mut changes = Vec::new();
        for (sector, name) in &self.sectors {
            match (site.sectors.get(sector), name) {
                (None, _) => changes.push(TableChange::NewSector(sector.clone())),
                (Some(from), Some(to)) if from != to => changes.push(TableChange::SectorNamed {
                    sector: sector.clone(),
                    from: from.clone(),
                    to: to.clone(),
                }),
                _ => {}
            }
        }
        for (door, sector) in &self.doors {
            let sector = sector.clone();
            let Some(present) = site.doors.get(door) else {
                let door = door.clone();
                changes.push(TableChange::NewDoor { door, sector });
                continue;
            };
            if let Some((from, to)) = named(door, &present.name, self.door_names.get(door)) {
                let door = door.clone();
                changes.push(TableChange::DoorNamed { door, from, to });
            }
            if present.sectors != [sector.clone()].into() {
                changes.push(TableChange::DoorMoved {
                    door: door.clone(),
                    from: present.sectors.clone(),
                    to: sector,
                });
            }
        }
        for (code, told) in &self.devices {
            let (device, door) = (code.clone(), told.door.clone());
            let Some(present) = site.devices.get(code) else {
                changes.push(TableChange::NewDevice { device, door });
                continue;
            };
            if let Some((from, to)) = named(code, &present.name, told.name.as_ref()) {
                let device = device.clone();
                changes.push(TableChange::DeviceNamed { device, from, to });
            }
            let then = self.over(told, Some(present));
            if (then.language, then.settings) != (present.language, present.settings) {
                changes.push(TableChange::DeviceSet(code.clone()));
            }
            if present.door != door {
                let from = present.door.clone();
                let to = door;
                changes.push(TableChange::DeviceMoved { device, from, to });
            }
        }
        changes
    }

    /// The new codes that may be slips of the pen.
    #[must_use]
    pub fn lookalikes(&self, site: &Site) -> Vec<Lookalike> {
        let mut found = lookalikes("sector", self.sectors.keys(), &site.sectors);
        found.extend(lookalikes("door", self.doors.keys(), &site.doors));
        found.extend(lookalikes("device", self.devices.keys(), &site.devices));
        found
    }

    /// The table with the code that is there in place of the slip.
    ///
    /// # Errors
    /// [`SiteChangeError::Taken`] if the table says something of both.
    pub fn corrected(mut self, slip: &Lookalike) -> Result<Self, SiteChangeError> {
        let (code, known) = (&slip.code, &slip.known);
        match slip.kind {
            "sector" => {
                let (Ok(code), Ok(known)) = (code.parse(), known.parse::<SectorCode>()) else {
                    return Err(SiteChangeError::Unknown);
                };
                let name = self.sectors.remove(&code).flatten();
                let kept = self.sectors.entry(known.clone()).or_default();
                *kept = kept.take().or(name);
                for sector in self.doors.values_mut() {
                    if *sector == code {
                        sector.clone_from(&known);
                    }
                }
            }
            "door" => {
                let to = renamed(&mut self.doors, code, known)?;
                let code_of = code.parse::<DoorCode>().ok();
                if let Some(name) = code_of.and_then(|code| self.door_names.remove(&code)) {
                    self.door_names.entry(to.clone()).or_insert(name);
                }
                for device in self.devices.values_mut() {
                    if device.door.as_str() == code {
                        device.door.clone_from(&to);
                    }
                }
            }
            _ => {
                renamed(&mut self.devices, code, known)?;
            }
        }
        Ok(self)
    }
}

fn lookalikes<'t, C: ToString + Ord + 't, V>(
    kind: &'static str,
    codes: impl Iterator<Item = &'t C>,
    there: &BTreeMap<C, V>,
) -> Vec<Lookalike> {
    let new = codes.filter(|code| !there.contains_key(code));
    let found = new.filter_map(|code| {
        let code = code.to_string();
        let mut known = there.keys().map(ToString::to_string);
        let known = known.find(|known| kernel::is_slip(&code, known))?;
        Some(Lookalike { kind, code, known })
    });
    found.collect()
}

/// What something is called, and then will be, if that is another name.
fn named(
    code: impl ToString,
    present: &Option<String>,
    then: Option<&String>,
) -> Option<(String, String)> {
    let then = then.filter(|then| present.as_ref() != Some(then))?;
    let present = present.clone().unwrap_or_else(|| code.to_string());
    Some((present, then.clone()))
}

/// Puts what stands under one code under another.
fn renamed<C: FromStr + Ord + Clone, V: PartialEq>(
    of: &mut BTreeMap<C, V>,
    code: &str,
    known: &str,
) -> Result<C, SiteChangeError> {
    let (Ok(code), Ok(known)) = (code.parse::<C>(), known.parse::<C>()) else {
        return Err(SiteChangeError::Unknown);
    };
    let value = of.remove(&code).ok_or(SiteChangeError::Unknown)?;
    match of.insert(known.clone(), value) {
        Some(other) if of.get(&known) != Some(&other) => Err(SiteChangeError::Taken),
        _ => Ok(known),
    }
}
