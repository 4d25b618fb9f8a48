//! One door: added, led to another sector, removed.

#[cfg(test)]
pub(crate) mod sample;

use super::form_page::FormPage;
use super::sector::next_door;
use super::site_change::{self, code, code_of, done, refused, site, site_to_add_to};
use crate::access;
use crate::entered::{Entered, Query};
use crate::flash::Flash;
use crate::form::{Input, Mistakes};
use crate::frame::Frame;
use crate::page_error::PageError;
use crate::visit::{Answer, Visit};
use axum::extract::Path;
use gate::Site;
use gate::site::change::{SiteChangeError, add_door, change_door, remove_door};
use kernel::text::fill;
use kernel::{DoorCode, SectorCode};
use serde_json::json;
use staff::audit::Change;

kernel::texts!(Texts in Fr, En {
    new: "Ajouter une porte", "Add a door";
    title: "Porte {code}", "Door {code}";
    lead: "Une porte mène à un seul secteur. Une entrée qui en dessert deux compte pour deux portes.",
        "A door leads to one sector. An entrance to two of them counts as two doors.";
    code: "Code", "Code";
    code_hint: "Il ne change plus ensuite.", "It does not change afterwards.";
    sector: "Mène au secteur", "Leads to the sector";
    choose: "— choisir —", "— choose —";
    choose_one: "Choisissez le secteur auquel cette porte mène.", "Choose the sector that this door leads to.";
    removal: "Les contrôles faits à cette porte restent.", "Checks made at this door stay.";
});

fn sector_input(frame: &Frame, site: &Site, chosen: &str) -> Input {
    let t = Texts::of(frame.formats.language);
    let known = site.sectors.iter();
    let known = known.map(|(code, name)| (code.to_string(), format!("{name} ({code})")));
    let choose = (String::new(), t.choose.to_owned());
    let is_known = site.sectors.keys().any(|code| code.as_str() == chosen);
    let choices = Some(choose).filter(|_| !is_known).into_iter();
    Input::choice("sector", t.sector, chosen, choices.chain(known).collect())
}

/// The sector in the field, if the site has it.
fn sector(
    visit: &Visit,
    site: &Site,
    entered: &Entered,
    wrong: &mut Mistakes,
) -> Option<SectorCode> {
    let chosen = entered.text("sector").parse().ok();
    let chosen = chosen.filter(|code| site.sectors.contains_key(code));
    if chosen.is_none() {
        wrong.add("sector", Texts::of(visit.language).choose_one);
    }
    chosen
}

fn new_page(frame: Frame, site: &Site, entered: &Entered, mistakes: Mistakes) -> FormPage {
    let t = Texts::of(frame.formats.language);
    let sector = entered.text("sector");
    let known = site.sectors.keys().any(|known| known.as_str() == sector);
    let proposed = if known {
        next_door(site, sector)
    } else {
        String::new()
    };
    let code = entered.some("code").unwrap_or(&proposed);
    let inputs = vec![
        Input::text("code", t.code, code).hint(t.code_hint).focus(),
        sector_input(&frame, site, sector),
    ];
    FormPage::adding(frame, (t.new, t.lead), access::NEW_DOOR, (inputs, mistakes))
}

pub(crate) async fn new(visit: Visit, query: Query) -> Answer {
    let site = site_to_add_to(&visit).await?;
    let Some(site) = site.filter(|site| !site.sectors.is_empty()) else {
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
    let door = code::<DoorCode>(&entered, "code", &mut mistakes, visit.language);
    let sector = sector(&visit, &site, &entered, &mut mistakes);
    let (Some(door), Some(sector)) = (door, sector) else {
        return refuse(mistakes);
    };
    let work = move |tx: &mut db::Tx<'_>| {
        add_door(tx, &door, &sector)?;
        let change = Change::done("door.added", "site", &door).to(json!({ "sector": sector }));
        Ok(((), vec![change]))
    };
    match site_change::change(&visit, "add door", work).await? {
        Ok(()) => Ok(visit.go_with(access::PLACES, Flash::Saved)),
        Err(error) => refuse(Mistakes::one("code", refused(&error, visit.language))),
    }
}

fn one_page(
    frame: Frame,
    file: Option<&str>,
    site: &Site,
    code: &DoorCode,
    chosen: &str,
    mistakes: Mistakes,
) -> FormPage {
    let language = frame.formats.language;
    let t = Texts::of(language);
    let title = fill(t.title, &[("code", code.as_str())]);
    let devices = site.devices_at(code);
    let blocked = Some(devices).filter(|devices| !devices.is_empty());
    let blocked = blocked.map(|devices| refused(&SiteChangeError::HasDevices(devices), language));
    let fields = (vec![sector_input(&frame, site, chosen)], mistakes);
    let mut page = FormPage::about(
        frame,
        title,
        (access::DOOR.of(code), access::DOOR),
        file,
        fields,
    );
    page.lead = t.lead;
    page.removed(t.removal, blocked)
}

async fn one(visit: &Visit, code: &DoorCode, wrong: Mistakes) -> Answer {
    let site = site(visit).await?.ok_or(PageError::NotFound)?;
    let sectors = site.doors.get(code).ok_or(PageError::NotFound)?;
    // One that leads to several is to be chosen anew.
    let chosen = sectors.first().filter(|_| sectors.len() == 1);
    let chosen = chosen.map_or("", SectorCode::as_str);
    let file = site_change::file(visit);
    one_page(visit.frame(), file, &site, code, chosen, wrong).answer(visit)
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    one(&visit, &code_of(&id)?, Mistakes::default()).await
}

pub(crate) async fn save(visit: Visit, Path(id): Path<String>, entered: Entered) -> Answer {
    let code: DoorCode = code_of(&id)?;
    let site = site(&visit).await?.ok_or(PageError::NotFound)?;
    let mut mistakes = Mistakes::default();
    let Some(to) = sector(&visit, &site, &entered, &mut mistakes) else {
        return one(&visit, &code, mistakes).await;
    };
    let of = code.clone();
    let work = move |tx: &mut db::Tx<'_>| {
        let before = change_door(tx, &of, &to)?;
        let change = Change::done("door.changed", "site", &of)
            .from(json!({ "sectors": before }))
            .to(json!({ "sectors": [&to] }));
        Ok(((), vec![change]))
    };
    let saved = site_change::change(&visit, "change door", work).await?;
    done(&visit, saved, |why| one(&visit, &code, why)).await
}

pub(crate) async fn remove(visit: Visit, Path(id): Path<String>) -> Answer {
    let code: DoorCode = code_of(&id)?;
    let of = code.clone();
    let work = move |tx: &mut db::Tx<'_>| {
        let before = remove_door(tx, &of)?;
        let change = Change::done("door.removed", "site", &of).from(json!({ "sectors": before }));
        Ok(((), vec![change]))
    };
    let removed = site_change::change(&visit, "remove door", work).await?;
    done(&visit, removed, |why| one(&visit, &code, why)).await
}
