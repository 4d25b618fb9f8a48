//! A sector, which may come with its first door and device.

use super::device::next_device;
use super::door::next_door;
use super::site_change::refused;
use super::thing::{Deed, Done, Names, Thing, Words, added, names};
use crate::page::*;
use gate::site::change::{
    NAME_LIMIT_CHARS, SiteChangeError, Wanted, is_name, remove_sector, rename_sector, save_sector,
};
use gate::{Device, DeviceSettings, Door};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    one: "Secteur {code}", "Sector {code}";
    lead: "Un secteur est une zone contrôlée : un musée, une exposition, une tour.",
        "A sector is a controlled area: a museum, an exhibition, a tower.";
    code_hint: "Celui de la billetterie et des paramètres de correspondance, par exemple VN_AUG.",
        "That of the ticketing and the mapping parameters, such as VN_AUG.";
    with: "Avec", "With";
    with_hint: "D’autres portes et appareils s’ajoutent ensuite.", "More doors and devices can be added afterwards.";
    with_both: "sa première porte et un appareil", "its first door and a device";
    with_door: "sa première porte", "its first door";
    with_none: "rien pour l’instant", "nothing for now";
    door: "Code de la première porte", "Code of the first door";
    door_hint: "Laissez vide pour le code du secteur suivi de _D1.", "Leave empty for the sector’s code followed by _D1.";
    device: "Code du premier appareil", "Code of the first device";
    device_hint: "Laissez vide pour {code}.", "Leave empty for {code}.";
    entrance: "Entrée – {sector}", "Entrance – {sector}";
    door_taken: "Il y a déjà une porte de ce code. Choisissez-en un autre.",
        "There is a door of this code already. Choose another.";
    device_taken: "Il y a déjà un appareil de ce code. Choisissez-en un autre.",
        "There is a device of this code already. Choose another.";
    removal: "Les contrôles faits dans ce secteur restent. Les paramètres de correspondance ne changent pas.",
        "Checks made in this sector stay. The mapping parameters do not change.";
});

/// What a sector may come with.
const WITH_BOTH: &str = "both";
const WITH_DOOR: &str = "door";
const WITH_NONE: &str = "none";

#[derive(Debug, Clone)]
pub(crate) struct Sector {
    name: String,
    /// Its first door, and what that is called.
    door: Option<DoorCode>,
    door_name: Option<String>,
    device: Option<DeviceCode>,
}

impl Sector {
    /// With its first door and device, by the codes that are next.
    pub(super) fn with_first(
        site: &Site,
        code: &SectorCode,
        name: &str,
        language: Language,
    ) -> Self {
        Self {
            name: name.to_owned(),
            door_name: entrance(name, language),
            door: next_door(site, code.as_str()).parse().ok(),
            device: next_device(site).parse().ok(),
        }
    }
}

/// What the first door of a sector is called, as long as the sector's name leaves room.
fn entrance(sector: &str, language: Language) -> Option<String> {
    let name = fill(Texts::of(language).entrance, &[("sector", &sector)]);
    Some(name).filter(|name| is_name(name))
}

impl Thing for Sector {
    type Code = SectorCode;

    const NEW: Address = access::NEW_SECTOR;
    const ONE: Address = access::SECTOR;
    const NAMES: Names = names!("site", "sector");

    fn words(language: Language) -> Words {
        let t = Texts::of(language);
        Words {
            new: t.add_sector,
            one: t.one,
            lead: t.lead,
            lead_of_one: "",
            code_hint: t.code_hint,
            removal: t.removal,
        }
    }

    fn is_there(site: &Site, code: &SectorCode) -> bool {
        site.sectors.contains_key(code)
    }

    fn names(of: &SiteNames) -> &gate::Names {
        &of.sectors
    }

    fn inputs(frame: &Frame, site: &Site, code: Option<&SectorCode>) -> Vec<Input> {
        let t = Texts::of(frame.formats.language);
        let name = code.and_then(|code| site.sectors.get(code));
        let name = Input::text("name", t.name, name.map_or("", String::as_str));
        if code.is_some() {
            return vec![name];
        }
        let with = vec![
            (WITH_BOTH, t.with_both),
            (WITH_DOOR, t.with_door),
            (WITH_NONE, t.with_none),
        ];
        let device = fill(t.device_hint, &[("code", &next_device(site))]);
        vec![
            name,
            Input::choice("with", t.with, WITH_BOTH, with).hint(t.with_hint),
            Input::text("door", t.door, "").hint(t.door_hint),
            Input::text("device", t.device, "").hint(device),
        ]
    }

    fn read(fields: &mut Fields<'_>, site: &Site, deed: Deed<'_, SectorCode>) -> Option<Self> {
        let t = Texts::of(fields.language);
        let Deed::Add(code) = deed else {
            let name = fields.name("name", NAME_LIMIT_CHARS)?;
            return Some(Self {
                name,
                door: None,
                door_name: None,
                device: None,
            });
        };
        if code.is_some_and(|code| Self::is_there(site, code)) {
            fields.wrong("code", refused(&SiteChangeError::Taken, fields.language));
        }
        let name = fields.name("name", NAME_LIMIT_CHARS);
        let with = fields.text("with");
        let code = code.filter(|_| with != WITH_NONE);
        let door = code.and_then(|code| fields.new_code("door", &next_door(site, code.as_str())));
        if door.as_ref().is_some_and(|door| Door::is_there(site, door)) {
            fields.wrong("door", t.door_taken);
        }
        let has_device = [WITH_BOTH, ""].contains(&with);
        let device = has_device.then(|| next_device(site));
        let device: Option<DeviceCode> = device.and_then(|usual| fields.new_code("device", &usual));
        if device
            .as_ref()
            .is_some_and(|code| site.devices.contains_key(code))
        {
            fields.wrong("device", t.device_taken);
        }
        let name = name?;
        Some(Self {
            door_name: entrance(&name, fields.language),
            name,
            door,
            device,
        })
    }

    fn blocked(site: &Site, code: &SectorCode) -> Option<SiteChangeError> {
        let doors = site.doors_of(code);
        (!doors.is_empty()).then_some(SiteChangeError::HasDoors(doors))
    }

    fn add(&self, tx: &mut Tx<'_>, code: &SectorCode) -> Done<Vec<Change>> {
        save_sector(tx, code, &self.name, Wanted::New)?;
        let mut changes = vec![added::<Self>(code, json!({ "name": self.name }))];
        if let Some(door) = &self.door {
            let first = Door {
                name: self.door_name.clone(),
                sectors: [code.clone()].into(),
            };
            changes.extend(first.add(tx, door)?);
            if let Some(code) = &self.device {
                let device = Device {
                    name: None,
                    door: door.clone(),
                    language: None,
                    settings: DeviceSettings::default(),
                };
                changes.extend(device.add(tx, code)?);
            }
        }
        Ok(changes)
    }

    fn rename(tx: &mut Tx<'_>, from: &SectorCode, to: &SectorCode) -> Done<()> {
        rename_sector(tx, from, to)
    }

    fn change(&self, tx: &mut Tx<'_>, code: &SectorCode) -> Done<(Value, Value)> {
        let was = save_sector(tx, code, &self.name, Wanted::Known)?;
        Ok((json!({ "name": was }), json!({ "name": self.name })))
    }

    fn remove(tx: &mut Tx<'_>, code: &SectorCode, _: Timestamp) -> Done<Value> {
        Ok(json!({ "name": remove_sector(tx, code)? }))
    }
}
