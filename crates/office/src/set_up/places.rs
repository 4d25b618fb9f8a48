//! Sectors with their doors, doors with their devices, on one page.

#[cfg(test)]
pub(crate) mod sample;
mod wanted;

pub(crate) use self::wanted::take_wanted;

use super::present::Present;
use super::step::Bar;
use crate::page::*;
use kernel::percent_encoded;
use std::collections::BTreeSet;
use wanted::{field, wanted};

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
    wanted: "Les paramètres de correspondance nomment ces secteurs. Donnez-leur leurs noms ; chacun reçoit une porte et un appareil.",
        "The mapping parameters name these sectors. Give them their names; each gets a door and a device.";
    name_wrong: "Le nom de {code} doit avoir de 1 à {limit} caractères.", "The name of {code} must have 1 to {limit} characters.";
});

/// Sectors and doors on a page, together; a sector is never torn.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "places.html")]
struct Page {
    /// Whether there is a site at all.
    begun: bool,
    sectors: Vec<(SectorCode, String, Vec<Door>)>,
    /// Doors that lead nowhere or everywhere, and where to.
    astray: Vec<Door>,
    names: SiteNames,
    /// The sector behind which the next page begins.
    next: Option<String>,
    /// Sectors of the mapping parameters that are not there yet.
    wanted: Vec<SectorCode>,
    frame: Frame,
}

/// A door, where it leads to, and its devices, each with whether it is enrolled.
struct Door {
    code: DoorCode,
    sectors: BTreeSet<SectorCode>,
    devices: Vec<(DeviceCode, bool)>,
}

impl Page {
    fn new(
        frame: Frame,
        site: Option<&Site>,
        enrolled: &BTreeSet<DeviceCode>,
        after: Option<&str>,
    ) -> Self {
        let doors = site.into_iter().flat_map(|site| {
            site.doors.iter().map(|(code, door)| Door {
                devices: (site.devices_at(code).into_iter())
                    .map(|device| (device.clone(), enrolled.contains(&device)))
                    .collect(),
                sectors: door.sectors.clone(),
                code: code.clone(),
            })
        });
        let (mut right, astray): (Vec<_>, Vec<_>) = doors.partition(|door| door.sectors.len() == 1);
        let sectors = site.into_iter().flat_map(|site| &site.sectors);
        let mut behind =
            sectors.filter(|(code, _)| after.is_none_or(|after| code.as_str() > after));
        let (mut shown, mut rows) = (Vec::new(), 0);
        for (code, name) in behind.by_ref() {
            let doors: Vec<Door> = right
                .extract_if(.., |door| door.sectors.contains(code))
                .collect();
            rows += 1 + doors.len();
            shown.push((code.clone(), name.clone(), doors));
            if rows >= ROWS {
                break;
            }
        }
        let last = shown.last().filter(|_| behind.next().is_some());
        Self {
            begun: site.is_some(),
            names: site.map(SiteNames::from).unwrap_or_default(),
            next: last.map(|(code, ..)| percent_encoded(code.as_str())),
            sectors: shown,
            astray,
            wanted: Vec::new(),
            frame,
        }
    }
}

/// Whether people can come in somewhere, and each mapped sector is there.
pub(super) fn is_whole(present: &Present) -> bool {
    let leads = |site: &Site| {
        let mut devices = site.devices.keys();
        devices.any(|device| site.sector_of(device).is_some())
    };
    present.site.as_ref().is_some_and(leads) && wanted(present).is_empty()
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let present = Present::read(&visit).await?;
    let frame = visit.frame().managed_by(&visit.set_up().site);
    let devices = gate::devices(visit.db()).await?.into_iter();
    let enrolled = devices.filter(|device| device.tokens > 0);
    let enrolled = enrolled.map(|device| device.device).collect();
    let (site, after) = (present.site.as_ref(), query.some("after"));
    visit.page(&Page {
        wanted: wanted(&present),
        ..Page::new(frame, site, &enrolled, after)
    })
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
            let page = Page::new(frame.clone(), Some(&site), &nobody, after.as_deref());
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
