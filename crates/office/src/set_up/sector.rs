//! One sector: added, perhaps with its first door and device, renamed, removed.

#[cfg(test)]
pub(crate) mod sample;

use super::form_page::FormPage;
use super::site_change::{self, code, code_of, code_or, done, refused, site, site_to_add_to};
use crate::access;
use crate::entered::Entered;
use crate::flash::Flash;
use crate::form::{Input, Mistakes};
use crate::frame::Frame;
use crate::page_error::PageError;
use crate::visit::{Answer, Visit};
use axum::extract::Path;
use gate::site::change::{
    NAME_LIMIT_CHARS, SiteChangeError, add_device, add_door, add_sector, change_sector, is_name,
    remove_sector,
};
use gate::{Device, DeviceSettings, Site};
use kernel::text::fill;
use kernel::{DeviceCode, DoorCode, SectorCode};
use serde_json::json;
use staff::audit::Change;

kernel::texts!(Texts in Fr, En {
    new: "Ajouter un secteur", "Add a sector";
    title: "Secteur {code}", "Sector {code}";
    lead: "Un secteur est une zone contrôlée : un musée, une exposition, une tour.",
        "A sector is a controlled area: a museum, an exhibition, a tower.";
    code: "Code", "Code";
    code_hint: "Celui de la billetterie et des paramètres de correspondance, par exemple VN_AUG. Il ne change plus ensuite.",
        "That of the ticketing and the mapping parameters, such as VN_AUG. It does not change afterwards.";
    name: "Nom", "Name";
    name_wrong: "Entrez un nom de {limit} caractères au plus.", "Enter a name of at most {limit} characters.";
    with: "Avec", "With";
    with_hint: "D’autres portes et appareils s’ajoutent ensuite.", "More doors and devices can be added afterwards.";
    with_both: "sa première porte et un appareil", "its first door and a device";
    with_door: "sa première porte", "its first door";
    with_none: "rien pour l’instant", "nothing for now";
    door: "Code de la première porte", "Code of the first door";
    door_hint: "Laissez vide pour le code du secteur suivi de _D1.", "Leave empty for the sector’s code followed by _D1.";
    device: "Code du premier appareil", "Code of the first device";
    device_hint: "Laissez vide pour {code}.", "Leave empty for {code}.";
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

/// The first code `<prefix>1`, `<prefix>2` … that is free; `digits` at least.
fn free(prefix: &str, digits: usize, is_taken: impl Fn(&str) -> bool) -> String {
    let mut codes = (1..).map(|n: u32| format!("{prefix}{n:0digits$}"));
    codes.find(|code| !is_taken(code)).unwrap_or_default()
}

/// The code that the next device gets unless told otherwise: `PDA01` …
pub(super) fn next_device(site: &Site) -> String {
    free("PDA", 2, |code| {
        site.devices.keys().any(|known| known.as_str() == code)
    })
}

/// The code that the next door of a sector gets unless told otherwise.
pub(super) fn next_door(site: &Site, sector: &str) -> String {
    free(&format!("{sector}_D"), 1, |code| {
        site.doors.keys().any(|known| known.as_str() == code)
    })
}

fn new_page(frame: Frame, site: &Site, entered: &Entered, mistakes: Mistakes) -> FormPage {
    let t = Texts::of(frame.formats.language);
    let device = next_device(site);
    let with = entered.some("with").unwrap_or(WITH_BOTH);
    let choices = vec![
        (WITH_BOTH, t.with_both),
        (WITH_DOOR, t.with_door),
        (WITH_NONE, t.with_none),
    ];
    let inputs = vec![
        Input::text("code", t.code, entered.text("code"))
            .hint(t.code_hint)
            .focus(),
        Input::text("name", t.name, entered.text("name")),
        Input::choice("with", t.with, with, choices).hint(t.with_hint),
        Input::text("door", t.door, entered.text("door")).hint(t.door_hint),
        Input::text("device", t.device, entered.text("device"))
            .hint(fill(t.device_hint, &[("code", &device)])),
    ];
    FormPage::adding(
        frame,
        (t.new, t.lead),
        access::NEW_SECTOR,
        (inputs, mistakes),
    )
}

pub(crate) async fn new(visit: Visit) -> Answer {
    let Some(site) = site_to_add_to(&visit).await? else {
        return Ok(visit.go(access::PLACES));
    };
    let (nothing, none) = (Entered::default(), Mistakes::default());
    new_page(visit.frame(), &site, &nothing, none).answer(&visit)
}

/// A sector with what comes with it.
#[derive(Clone)]
struct New {
    sector: SectorCode,
    name: String,
    door: Option<DoorCode>,
    device: Option<DeviceCode>,
}

fn read_new(visit: &Visit, site: &Site, entered: &Entered) -> Result<New, Mistakes> {
    let language = visit.language;
    let t = Texts::of(language);
    let mut mistakes = Mistakes::default();
    let sector = code::<SectorCode>(entered, "code", &mut mistakes, language);
    if let Some(sector) = &sector
        && site.sectors.contains_key(sector)
    {
        mistakes.add("code", refused(&SiteChangeError::Taken, language));
    }
    let name = name(entered, &mut mistakes, t);
    let with = entered.text("with");
    let door = sector.as_ref().filter(|_| with != WITH_NONE);
    let door = door.and_then(|sector| {
        let usual = next_door(site, sector.as_str());
        code_or::<DoorCode>(&usual, entered, "door", &mut mistakes, language)
    });
    if door.as_ref().is_some_and(|d| site.doors.contains_key(d)) {
        mistakes.add("door", t.door_taken);
    }
    let device = [WITH_BOTH, ""].contains(&with).then(|| next_device(site));
    let device = device.and_then(|usual| {
        code_or::<DeviceCode>(&usual, entered, "device", &mut mistakes, language)
    });
    if device
        .as_ref()
        .is_some_and(|d| site.devices.contains_key(d))
    {
        mistakes.add("device", t.device_taken);
    }
    match sector {
        Some(sector) if mistakes.0.is_empty() => Ok(New {
            sector,
            name,
            door,
            device,
        }),
        _ => Err(mistakes),
    }
}

fn name(entered: &Entered, mistakes: &mut Mistakes, t: &Texts) -> String {
    let name = entered.text("name").trim().to_owned();
    if !is_name(&name) {
        let limit = NAME_LIMIT_CHARS.to_string();
        mistakes.add("name", fill(t.name_wrong, &[("limit", &limit)]));
    }
    name
}

fn add_all(tx: &mut db::Tx<'_>, new: &New) -> Result<((), Vec<Change>), SiteChangeError> {
    add_sector(tx, &new.sector, &new.name)?;
    let mut changes =
        vec![Change::done("sector.added", "site", &new.sector).to(json!({ "name": new.name }))];
    if let Some(door) = &new.door {
        add_door(tx, door, &new.sector)?;
        changes.push(Change::done("door.added", "site", door).to(json!({ "sector": new.sector })));
        if let Some(code) = &new.device {
            let device = Device {
                door: door.clone(),
                language: None,
                settings: DeviceSettings::default(),
            };
            add_device(tx, code, &device)?;
            changes.push(Change::done("device.added", "device", code).to(json!(device)));
        }
    }
    Ok(((), changes))
}

pub(crate) async fn add(visit: Visit, entered: Entered) -> Answer {
    let Some(site) = site(&visit).await? else {
        return Ok(visit.go(access::PLACES));
    };
    let refuse = |mistakes| new_page(visit.frame(), &site, &entered, mistakes).answer(&visit);
    let new = match read_new(&visit, &site, &entered) {
        Ok(new) => new,
        Err(mistakes) => return refuse(mistakes),
    };
    let work = move |tx: &mut db::Tx<'_>| add_all(tx, &new);
    match site_change::change(&visit, "add sector", work).await? {
        Ok(()) => Ok(visit.go_with(access::PLACES, Flash::Saved)),
        Err(error) => refuse(Mistakes::one("code", refused(&error, visit.language))),
    }
}

fn one_page(
    frame: Frame,
    file: Option<&str>,
    site: &Site,
    code: &SectorCode,
    name: &str,
    mistakes: Mistakes,
) -> FormPage {
    let language = frame.formats.language;
    let t = Texts::of(language);
    let title = fill(t.title, &[("code", code.as_str())]);
    let doors = site.doors_of(code);
    let blocked = Some(doors).filter(|doors| !doors.is_empty());
    let blocked = blocked.map(|doors| refused(&SiteChangeError::HasDoors(doors), language));
    let fields = (vec![Input::text("name", t.name, name)], mistakes);
    FormPage::about(
        frame,
        title,
        (access::SECTOR.of(code), access::SECTOR),
        file,
        fields,
    )
    .removed(t.removal, blocked)
}

async fn one(visit: &Visit, code: &SectorCode, entered: Option<&str>, wrong: Mistakes) -> Answer {
    let site = site(visit).await?.ok_or(PageError::NotFound)?;
    let kept = site.sectors.get(code).ok_or(PageError::NotFound)?;
    let (file, name) = (site_change::file(visit), entered.unwrap_or(kept));
    one_page(visit.frame(), file, &site, code, name, wrong).answer(visit)
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    one(&visit, &code_of(&id)?, None, Mistakes::default()).await
}

pub(crate) async fn save(visit: Visit, Path(id): Path<String>, entered: Entered) -> Answer {
    let code: SectorCode = code_of(&id)?;
    let mut mistakes = Mistakes::default();
    let name = name(&entered, &mut mistakes, Texts::of(visit.language));
    if !mistakes.0.is_empty() {
        return one(&visit, &code, Some(&name), mistakes).await;
    }
    let (of, to) = (code.clone(), name.clone());
    let work = move |tx: &mut db::Tx<'_>| {
        let before = change_sector(tx, &of, &to)?;
        let change = Change::done("sector.changed", "site", &of)
            .from(json!({ "name": before }))
            .to(json!({ "name": to }));
        Ok(((), vec![change]))
    };
    let saved = site_change::change(&visit, "change sector", work).await?;
    done(&visit, saved, |why| one(&visit, &code, None, why)).await
}

pub(crate) async fn remove(visit: Visit, Path(id): Path<String>) -> Answer {
    let code: SectorCode = code_of(&id)?;
    let of = code.clone();
    let work = move |tx: &mut db::Tx<'_>| {
        let before = remove_sector(tx, &of)?;
        let change = Change::done("sector.removed", "site", &of).from(json!({ "name": before }));
        Ok(((), vec![change]))
    };
    let removed = site_change::change(&visit, "remove sector", work).await?;
    done(&visit, removed, |why| one(&visit, &code, None, why)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_code_is_proposed() {
        let site = crate::set_up::places::sample::site();
        assert_eq!(next_door(&site, "VN_AUG"), "VN_AUG_D2");
        assert_eq!(next_door(&site, "VN_NEW"), "VN_NEW_D1");
        assert_eq!(next_device(&site), "PDA02");
    }
}
