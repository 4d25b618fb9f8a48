//! A door, which has a name and leads to one sector.

use super::thing::{Deed, Done, Names, Thing, Words, added, names};
use crate::page::*;
use gate::Door;
use gate::site::change::{
    NAME_LIMIT_CHARS, SiteChangeError, Wanted, remove_door, rename_door, save_door,
};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    one: "Porte {code}", "Door {code}";
    lead: "Une porte mène à un seul secteur. Une entrée qui en dessert deux compte pour deux portes.",
        "A door leads to one sector. An entrance to two of them counts as two doors.";
    code_hint: "Par exemple VN_AUG_D1.", "Such as VN_AUG_D1.";
    sector: "Mène au secteur", "Leads to the sector";
    choose_one: "Choisissez le secteur auquel cette porte mène.", "Choose the sector that this door leads to.";
    removal: "Les contrôles faits à cette porte restent.", "Checks made at this door stay.";
});

/// The first code `<prefix>1`, `<prefix>2` … that is free; `digits` at least.
pub(super) fn free(prefix: &str, digits: usize, is_taken: impl Fn(&str) -> bool) -> String {
    let mut codes = (1..).map(|n: u32| format!("{prefix}{n:0digits$}"));
    codes.find(|code| !is_taken(code)).unwrap_or_default()
}

/// The code that the next door of a sector gets unless told otherwise.
pub(super) fn next_door(site: &Site, sector: &str) -> String {
    free(&format!("{sector}_D"), 1, |code| {
        site.doors.keys().any(|known| known.as_str() == code)
    })
}

impl Thing for Door {
    type Code = DoorCode;

    const NEW: Address = access::NEW_DOOR;
    const ONE: Address = access::DOOR;
    const NAMES: Names = names!("site", "door");

    fn words(language: Language) -> Words {
        let t = Texts::of(language);
        Words {
            new: t.add_door,
            one: t.one,
            lead: t.lead,
            lead_of_one: t.lead,
            code_hint: t.code_hint,
            removal: t.removal,
        }
    }

    fn can_be_added(site: &Site) -> bool {
        !site.sectors.is_empty()
    }

    fn proposed(site: &Site, entered: &Entered) -> String {
        let known = entered.text("sector").parse().ok();
        let known = known.filter(|sector: &SectorCode| site.sectors.contains_key(sector));
        known.map_or_else(String::new, |sector| next_door(site, sector.as_str()))
    }

    fn is_there(site: &Site, code: &DoorCode) -> bool {
        site.doors.contains_key(code)
    }

    fn names(of: &SiteNames) -> &gate::Names {
        &of.doors
    }

    fn inputs(frame: &Frame, site: &Site, code: Option<&DoorCode>) -> Vec<Input> {
        let t = Texts::of(frame.formats.language);
        let door = code.and_then(|code| site.doors.get(code));
        let name = door.and_then(|door| door.name.as_deref());
        // One that leads to several is to be chosen anew.
        let sectors = door.map(|door| &door.sectors);
        let sectors = sectors.filter(|sectors| sectors.len() == 1);
        let sector = sectors.and_then(|sectors| sectors.first());
        let known = SiteNames::from(site).sectors.all().collect();
        let sector = sector.map_or("", SectorCode::as_str);
        vec![
            Input::text("name", t.name, name.unwrap_or_default()).hint(t.name_hint),
            Input::choice("sector", t.sector, sector, known).with_choose(frame.t.choose),
        ]
    }

    fn read(fields: &mut Fields<'_>, site: &Site, _: Deed<'_, DoorCode>) -> Option<Self> {
        let sector = fields.text("sector").parse().ok();
        let sector = sector.filter(|code| site.sectors.contains_key(code));
        let wrong = Texts::of(fields.language).choose_one;
        let name = fields.some_name("name", NAME_LIMIT_CHARS);
        let sectors = [fields.found("sector", sector, wrong)?].into();
        Some(Self { name, sectors })
    }

    fn blocked(site: &Site, code: &DoorCode) -> Option<SiteChangeError> {
        let devices = site.devices_at(code);
        (!devices.is_empty()).then_some(SiteChangeError::HasDevices(devices))
    }

    fn add(&self, tx: &mut Tx<'_>, code: &DoorCode) -> Done<Vec<Change>> {
        save_door(tx, code, self, Wanted::New)?;
        Ok(vec![added::<Self>(code, json!(self))])
    }

    fn rename(tx: &mut Tx<'_>, from: &DoorCode, to: &DoorCode) -> Done<()> {
        rename_door(tx, from, to)
    }

    fn change(&self, tx: &mut Tx<'_>, code: &DoorCode) -> Done<(Value, Value)> {
        Ok((
            json!(save_door(tx, code, self, Wanted::Known)?),
            json!(self),
        ))
    }

    fn remove(tx: &mut Tx<'_>, code: &DoorCode, _: Timestamp) -> Done<Value> {
        Ok(json!(remove_door(tx, code)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_code_is_proposed() {
        let site = crate::set_up::places::sample::site();
        assert_eq!(next_door(&site, "VN_AUG"), "VN_AUG_D2");
        assert_eq!(next_door(&site, "VN_NEW"), "VN_NEW_D1");
        assert_eq!(super::super::device::next_device(&site), "PDA02");
    }
}
