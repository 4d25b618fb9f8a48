//! Sectors with their doors, doors with their devices, on one page.

#[cfg(test)]
pub(crate) mod sample;

use super::site_change::{self, listed, site};
use crate::page::{Answer, Frame, Query, Template, Visit, access, fill};
use gate::{DeviceState, Site};
use kernel::percent_encoded;
use kernel::{DeviceCode, DoorCode, SectorCode};
use std::collections::{BTreeMap, BTreeSet};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Un secteur est une zone contrôlée, une porte mène à un secteur, un appareil se trouve à une porte.",
        "A sector is a controlled area, a door leads to one sector, a device stands at one door.";
    no_site: "L’organisation n’est pas encore nommée.", "The organisation has not been named yet.";
    to_organisation: "Commencez par l’organisation", "Begin with the organisation";
    no_sector: "Il n’y a pas encore de secteur. Ajoutez le premier, ou importez un tableau.",
        "There is no sector yet. Add the first, or import a table.";
    astray: "{door} ne mène à aucun secteur : personne n’entre à ses appareils. Choisissez-lui un secteur.",
        "{door} leads to no sector: nobody gets in at its devices. Choose one for it.";
    forked: "{door} mène à plusieurs secteurs ({sectors}) : personne n’entre à ses appareils. Choisissez-en un ; pour les autres, ajoutez des portes.",
        "{door} leads to several sectors ({sectors}): nobody gets in at its devices. Choose one; add doors for the others.";
    cure: "Corriger", "Correct it";
    others: "Portes à corriger", "Doors to be corrected";
    no_door: "Ce secteur n’a pas encore de porte.", "This sector has no door yet.";
    no_device: "aucun appareil", "no device";
    change: "Modifier le secteur", "Change the sector";
    more: "D’autres façons", "Other ways";
    table: "Importer ou exporter un tableau (CSV)", "Import or export a table (CSV)";
    next: "Secteurs suivants", "More sectors";
    enrol: "Enrôler les appareils", "Enrol the devices";
});

/// Sectors and doors on a page, together; a sector is never torn.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "places.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    file: Option<String>,
    /// Whether there is a site at all.
    begun: bool,
    may_change: bool,
    wrong: Vec<Wrong>,
    sectors: Vec<SectorView>,
    astray: Vec<DoorView>,
    /// The sector behind which the next page begins.
    next: Option<String>,
}

/// A door that leads nowhere or everywhere.
struct Wrong {
    what: String,
    door: DoorCode,
}

struct SectorView {
    code: SectorCode,
    name: String,
    path: String,
    doors: Vec<DoorView>,
}

struct DoorView {
    code: DoorCode,
    path: String,
    devices: Vec<DeviceView>,
}

struct DeviceView {
    code: DeviceCode,
    state: (&'static str, &'static str),
}

impl Page {
    fn new(
        frame: Frame,
        file: Option<&str>,
        site: Option<&Site>,
        enrolled: &BTreeSet<DeviceCode>,
        after: Option<&str>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let nothing = (BTreeMap::new(), BTreeMap::new());
        let (sectors, doors) = site.map_or((&nothing.0, &nothing.1), |s| (&s.sectors, &s.doors));
        let door = |code: &DoorCode| DoorView {
            path: percent_encoded(code.as_str()),
            devices: site
                .map(|site| site.devices_at(code))
                .unwrap_or_default()
                .into_iter()
                .map(|code| DeviceView {
                    state: if enrolled.contains(&code) {
                        ("good", t.enrolled)
                    } else {
                        ("", t.not_enrolled)
                    },
                    code,
                })
                .collect(),
            code: code.clone(),
        };
        let only = |sectors: &BTreeSet<SectorCode>| {
            let first = sectors.first();
            first.filter(|_| sectors.len() == 1).cloned()
        };
        let of = |sector: &SectorCode| {
            let doors = doors.iter();
            let doors = doors.filter(|(_, to)| only(to).as_ref() == Some(sector));
            doors.map(|(code, _)| door(code)).collect()
        };
        let behind = sectors.iter();
        let behind = behind.filter(|(code, _)| after.is_none_or(|after| code.as_str() > after));
        let mut shown: Vec<SectorView> = Vec::new();
        let mut rows = 0;
        for (code, name) in behind {
            if rows >= ROWS {
                break;
            }
            let doors: Vec<DoorView> = of(code);
            rows += 1 + doors.len();
            shown.push(SectorView {
                name: name.clone(),
                path: percent_encoded(code.as_str()),
                doors,
                code: code.clone(),
            });
        }
        let last = shown.last().map(|sector| &sector.code);
        let is_last = last == sectors.keys().next_back();
        let next = last
            .filter(|_| !is_last)
            .map(|last| percent_encoded(last.as_str()));
        let astray: Vec<_> = doors.iter().filter(|(_, to)| to.len() != 1).collect();
        Self {
            begun: site.is_some(),
            may_change: file.is_none() && frame.may_act(access::DOOR),
            file: file.map(str::to_owned),
            wrong: astray
                .iter()
                .map(|(code, to)| Wrong {
                    what: if to.is_empty() {
                        fill(t.astray, &[("door", code.as_str())])
                    } else {
                        let sectors = listed(*to);
                        fill(t.forked, &[("door", code.as_str()), ("sectors", &sectors)])
                    },
                    door: (*code).clone(),
                })
                .collect(),
            astray: astray.iter().map(|(code, _)| door(code)).collect(),
            sectors: shown,
            next,
            frame,
            t,
        }
    }
}

/// The devices that hold a token.
pub(super) fn enrolled(devices: &[DeviceState]) -> BTreeSet<DeviceCode> {
    let enrolled = devices.iter().filter(|device| device.tokens > 0);
    enrolled.map(|device| device.device.clone()).collect()
}

pub(crate) async fn show(visit: Visit, query: Query) -> Answer {
    let site = site(&visit).await?;
    let enrolled = enrolled(&gate::devices(&visit.office.db).await?);
    let file = site_change::file(&visit);
    let after = query.0.some("after");
    let page = Page::new(visit.frame(), file, site.as_ref(), &enrolled, after);
    visit.page(&page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;
    use staff::Role;

    #[test]
    fn many_sectors_are_shown_page_by_page() {
        let mut site = sample::site();
        for n in 0..(2 * ROWS) {
            let code = format!("S{n:03}").parse().unwrap();
            site.sectors.insert(code, "Many".to_owned());
        }
        let frame = Frame::sample(Language::En, Some(Role::GateManager));
        let (mut seen, mut after) = (0, None::<String>);
        loop {
            let nobody = BTreeSet::new();
            let page = Page::new(frame.clone(), None, Some(&site), &nobody, after.as_deref());
            assert!(page.render().unwrap().len() < 120_000);
            seen += page.sectors.len();
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, site.sectors.len());
    }
}
