//! One device of the site: what it is and may do. How it comes to its token is
//! in `enrolment`.

#[cfg(test)]
pub(crate) mod sample;

use super::form_page::FormPage;
use super::organisation::LANGUAGES;
use super::sector::next_device;
use super::site_change::{self, code, code_of, refused, site, site_to_add_to};
use crate::access;
use crate::entered::{Entered, Query};
use crate::flash::Flash;
use crate::form::{Input, Mistakes};
use crate::frame::Frame;
use crate::page_error::PageError;
use crate::visit::{Answer, Visit};
use axum::extract::Path;
use gate::site::change::{SiteChangeError, add_device, change_device, remove_device};
use gate::{Device, DeviceSettings, Direction, Site};
use kernel::{DeviceCode, DoorCode, Language as Agents};
use serde_json::json;
use staff::audit::Change;

kernel::texts!(Texts in Fr, En {
    new: "Ajouter un appareil", "Add a device";
    lead: "Un appareil est un lecteur, comme un téléphone, ou un tourniquet. Il s’enrôle ensuite par un code QR.",
        "A device is a scanner, such as a phone, or a turnstile. It is enrolled by a QR code afterwards.";
    code: "Code", "Code";
    code_hint: "Collez-le sur l’appareil : c’est par lui qu’on en parle. Il ne change plus ensuite.",
        "Stick it on the device: it is how people call it. It does not change afterwards.";
    door: "Porte", "Door";
    choose: "— choisir —", "— choose —";
    choose_one: "Choisissez la porte où se trouve cet appareil.", "Choose the door that this device stands at.";
    language: "Langue", "Language";
    of_site: "celle de l’organisation", "that of the organisation";
    direction: "Sens", "Direction";
    entry: "entrée", "entry";
    exit: "sortie (enregistrée, jamais vendue)", "exit (recorded, never sold)";
    switch: "L’agent peut changer de sens", "The agent may switch direction";
    forced: "L’agent peut faire entrer sans l’accord d’Otipass, avec une note",
        "The agent may let visitors in without Otipass, with a note";
    desk: "L’agent peut consulter une carte sans entrée", "The agent may look at a pass without an entry";
    sound: "Sons", "Sounds";
    yes: "oui", "yes";
    no: "non", "no";
});

/// A device with what is usual, at the door of this code.
fn usual(door: &str) -> (String, Option<Agents>, DeviceSettings) {
    (door.to_owned(), None, DeviceSettings::default())
}

/// The fields of a device: as entered, or as it is.
pub(super) fn inputs(
    frame: &Frame,
    site: &Site,
    device: Option<&Device>,
    entered: Option<&Entered>,
) -> Vec<Input> {
    let t = Texts::of(frame.formats.language);
    let (door, language, settings) = match device {
        Some(device) => (device.door.to_string(), device.language, device.settings),
        None => usual(""),
    };
    let says = |field: &str, kept: &str| match entered.and_then(|e| e.some(field)) {
        Some(entered) => entered.to_owned(),
        None => kept.to_owned(),
    };
    let door = says("door", &door);
    let is_known = site.doors.keys().any(|code| code.as_str() == door);
    let choose = Some((String::new(), t.choose.to_owned())).filter(|_| !is_known);
    let doors = site.doors.iter().map(|(code, sectors)| {
        let names: Vec<_> = sectors.iter().filter_map(|s| site.sectors.get(s)).collect();
        let names = site_change::listed(names);
        (code.to_string(), format!("{code} – {names}"))
    });
    let languages = std::iter::once(("site", t.of_site)).chain(LANGUAGES);
    let language = says("language", language.map_or("site", Agents::as_str));
    let direction = says("direction", settings.direction.as_str());
    let directions = vec![("entry", t.entry), ("exit", t.exit)];
    let choice = |field, label, is: bool| {
        let says = says(field, if is { "yes" } else { "no" });
        Input::choice(field, label, &says, vec![("yes", t.yes), ("no", t.no)])
    };
    vec![
        Input::choice(
            "door",
            t.door,
            &door,
            choose.into_iter().chain(doors).collect(),
        ),
        Input::choice("language", t.language, &language, languages.collect()),
        Input::choice("direction", t.direction, &direction, directions),
        choice("switch", t.switch, settings.may_switch_direction),
        choice("forced", t.forced, settings.forced_entry),
        choice("desk", t.desk, settings.help_desk),
        choice("sound", t.sound, settings.sound),
    ]
}

/// What was entered; a field that is missing says what is usual.
fn read(visit: &Visit, site: &Site, entered: &Entered, mistakes: &mut Mistakes) -> Option<Device> {
    let door = entered.text("door").parse::<DoorCode>().ok();
    let door = door.filter(|code| site.doors.contains_key(code));
    if door.is_none() {
        mistakes.add("door", Texts::of(visit.language).choose_one);
    }
    let usual = DeviceSettings::default();
    let yes = |field: &str, usual: bool| match entered.text(field) {
        "yes" => true,
        "no" => false,
        _ => usual,
    };
    Some(Device {
        door: door?,
        language: entered.text("language").parse().ok(),
        settings: DeviceSettings {
            direction: entered
                .text("direction")
                .parse::<Direction>()
                .unwrap_or(usual.direction),
            may_switch_direction: yes("switch", usual.may_switch_direction),
            forced_entry: yes("forced", usual.forced_entry),
            help_desk: yes("desk", usual.help_desk),
            sound: yes("sound", usual.sound),
        },
    })
}

fn new_page(frame: Frame, site: &Site, entered: &Entered, mistakes: Mistakes) -> FormPage {
    let t = Texts::of(frame.formats.language);
    let proposed = next_device(site);
    let code = entered.some("code").unwrap_or(&proposed);
    let mut all = vec![Input::text("code", t.code, code).hint(t.code_hint).focus()];
    all.extend(inputs(&frame, site, None, Some(entered)));
    FormPage::adding(frame, (t.new, t.lead), access::NEW_DEVICE, (all, mistakes))
}

pub(crate) async fn new(visit: Visit, query: Query) -> Answer {
    let site = site_to_add_to(&visit).await?;
    let Some(site) = site.filter(|site| !site.doors.is_empty()) else {
        return Ok(visit.go(access::PLACES));
    };
    new_page(visit.frame(), &site, &query.0, Mistakes::default()).answer(&visit)
}

pub(crate) async fn add(visit: Visit, entered: Entered) -> Answer {
    let Some(site) = site(&visit).await? else {
        return Ok(visit.go(access::PLACES));
    };
    let refuse = |mistakes| new_page(visit.frame(), &site, &entered, mistakes).answer(&visit);
    let mut mistakes = Mistakes::default();
    let code = code::<DeviceCode>(&entered, "code", &mut mistakes, visit.language);
    let device = read(&visit, &site, &entered, &mut mistakes);
    let (Some(code), Some(device)) = (code, device) else {
        return refuse(mistakes);
    };
    let to = access::DEVICE.of(&code);
    let work = move |tx: &mut db::Tx<'_>| {
        add_device(tx, &code, &device)?;
        let change = Change::done("device.added", "device", &code).to(json!(device));
        Ok(((), vec![change]))
    };
    match site_change::change(&visit, "add device", work).await? {
        Ok(()) => Ok(visit.go_with(&to, Flash::Saved)),
        Err(error) => refuse(Mistakes::one("code", refused(&error, visit.language))),
    }
}

pub(crate) async fn save(visit: Visit, Path(id): Path<String>, entered: Entered) -> Answer {
    let code: DeviceCode = code_of(&id)?;
    let site = site(&visit).await?.ok_or(PageError::NotFound)?;
    let mut mistakes = Mistakes::default();
    let Some(device) = read(&visit, &site, &entered, &mut mistakes) else {
        return super::enrolment::one(&visit, &code, mistakes).await;
    };
    let of = code.clone();
    let work = move |tx: &mut db::Tx<'_>| {
        let before = change_device(tx, &of, &device)?;
        let change = Change::done("device.changed", "device", &of)
            .from(json!(before))
            .to(json!(device));
        Ok(((), vec![change]))
    };
    match site_change::change(&visit, "change device", work).await? {
        Ok(()) => Ok(visit.go_with(access::DEVICE.of(code), Flash::Saved)),
        Err(SiteChangeError::Unknown) => Err(PageError::NotFound),
        Err(error) => {
            let why = Mistakes::one("door", refused(&error, visit.language));
            super::enrolment::one(&visit, &code, why).await
        }
    }
}

pub(crate) async fn remove(visit: Visit, Path(id): Path<String>) -> Answer {
    let code: DeviceCode = code_of(&id)?;
    let work = move |tx: &mut db::Tx<'_>| {
        let before = remove_device(tx, &code)?;
        let change = Change::done("device.removed", "device", &code).from(json!(before));
        Ok(((), vec![change]))
    };
    match site_change::change(&visit, "remove device", work).await? {
        Ok(()) => Ok(visit.go_with(access::PLACES, Flash::Saved)),
        Err(_) => Err(PageError::NotFound),
    }
}
