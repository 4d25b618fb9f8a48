//! What taking a table would change, before it is taken.

use super::SiteTable;
use crate::Site;
use crate::site::change::SiteChangeError;
use kernel::{DoorCode, SectorCode};
use std::collections::BTreeMap;
use std::str::FromStr;

kernel::words! {
    /// What a code of the table stands for.
    pub enum Kind: "kind" {
        /// A sector.
        Sector = "sector",
        /// A door.
        Door = "door",
        /// A device.
        Device = "device",
    }
}

/// One thing that taking a table changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableChange {
    /// What it is.
    pub kind: Kind,
    /// Its code.
    pub code: String,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What becomes of a sector, a door or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becomes {
    /// It is added: where the door leads or the device stands; nowhere, if a sector.
    New(String),
    /// It gets another name.
    Named {
        /// Its name now, or its code.
        from: String,
        /// Its name then.
        to: String,
    },
    /// A door leads, or a device stands elsewhere.
    Moved {
        /// Where now.
        from: Vec<String>,
        /// Where then.
        to: String,
    },
    /// A device has another language or other settings.
    Set,
}

/// A code that is new, and one slip away from one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookalike {
    /// What it is.
    pub kind: Kind,
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
        let mut add = |kind, code: &dyn ToString, becomes| {
            let code = code.to_string();
            changes.push(TableChange {
                kind,
                code,
                becomes,
            });
        };
        for (code, name) in &self.sectors {
            let Some(present) = site.sectors.get(code) else {
                add(Kind::Sector, code, Becomes::New(String::new()));
                continue;
            };
            if let Some(named) = named(code, Some(present), name.as_ref()) {
                add(Kind::Sector, code, named);
            }
        }
        for (code, sector) in &self.doors {
            let Some(present) = site.doors.get(code) else {
                add(Kind::Door, code, Becomes::New(sector.to_string()));
                continue;
            };
            let name = self.door_names.get(code);
            if let Some(named) = named(code, present.name.as_ref(), name) {
                add(Kind::Door, code, named);
            }
            if present.sectors != [sector.clone()].into() {
                let from = present.sectors.iter().map(ToString::to_string).collect();
                let to = sector.to_string();
                add(Kind::Door, code, Becomes::Moved { from, to });
            }
        }
        for (code, told) in &self.devices {
            let Some(present) = site.devices.get(code) else {
                add(Kind::Device, code, Becomes::New(told.door.to_string()));
                continue;
            };
            if let Some(named) = named(code, present.name.as_ref(), told.name.as_ref()) {
                add(Kind::Device, code, named);
            }
            let then = self.over(told, Some(present));
            if (then.language, then.settings) != (present.language, present.settings) {
                add(Kind::Device, code, Becomes::Set);
            }
            if present.door != told.door {
                let (from, to) = (vec![present.door.to_string()], told.door.to_string());
                add(Kind::Device, code, Becomes::Moved { from, to });
            }
        }
        changes
    }

    /// The new codes that may be slips of the pen.
    #[must_use]
    pub fn lookalikes(&self, site: &Site) -> Vec<Lookalike> {
        let mut found = lookalikes(Kind::Sector, self.sectors.keys(), &site.sectors);
        found.extend(lookalikes(Kind::Door, self.doors.keys(), &site.doors));
        found.extend(lookalikes(Kind::Device, self.devices.keys(), &site.devices));
        found
    }

    /// The table with the code that is there in place of the slip.
    ///
    /// # Errors
    /// [`SiteChangeError::Taken`] if the table says something of both.
    pub fn corrected(mut self, slip: &Lookalike) -> Result<Self, SiteChangeError> {
        let (code, known) = (&slip.code, &slip.known);
        match slip.kind {
            Kind::Sector => {
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
            Kind::Door => {
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
            Kind::Device => {
                renamed(&mut self.devices, code, known)?;
            }
        }
        Ok(self)
    }
}

fn lookalikes<'t, C: ToString + Ord + 't, V>(
    kind: Kind,
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

/// It is called otherwise then, if that is another name.
fn named(code: &impl ToString, present: Option<&String>, then: Option<&String>) -> Option<Becomes> {
    let to = then.filter(|then| present != Some(then))?.clone();
    let from = present.cloned().unwrap_or_else(|| code.to_string());
    Some(Becomes::Named { from, to })
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
