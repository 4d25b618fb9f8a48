//! A sheet to print, with the enrolment codes of many devices: chosen first, then made
//! all at once, and shown once.

#[cfg(test)]
pub(crate) mod sample;

use super::enrolment::{qr_svg, warnings};
use crate::acts;
use crate::page::*;
use gate::EnrolmentCode;
use kernel::percent_encoded;
use std::collections::BTreeSet;
use uuid::Uuid;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Imprimer les codes d’enrôlement", "Print enrolment codes";
    lead: "Pour enrôler plusieurs appareils d’un coup : choisissez-les, imprimez la feuille, et faites lire à chaque téléphone le code de son appareil. Chaque code sert une seule fois.",
        "To enrol many devices at once: choose them, print the sheet, and have each phone read the code of its device. Each code is good once.";
    none_chosen: "Choisissez au moins un appareil.", "Choose at least one device.";
    too_many: "Choisissez {most} appareils au plus ; faites plusieurs feuilles.",
        "Choose at most {most} devices; make several sheets.";
    no_device: "Il n’y a pas encore d’appareil.", "There is no device yet.";
    layout: "Mise en page", "Layout";
    several: "plusieurs codes par page", "several codes on a page";
    single: "un code par page", "one code on a page";
    hours: "Valables", "Good for";
    one_hour: "1 heure", "1 hour";
    hour: "{n} heures", "{n} hours";
    make: "Faire les codes et montrer la feuille", "Make the codes and show the sheet";
    sheet: "Codes d’enrôlement", "Enrolment codes";
    once: "Imprimez cette page maintenant (Ctrl+P) : ces codes ne peuvent pas être montrés une seconde fois. Qui a la feuille peut enrôler : détruisez-la ensuite.",
        "Print this page now (Ctrl+P): these codes cannot be shown again. Whoever has the sheet can enrol: destroy it afterwards.";
    another: "Faire une autre feuille", "Make another sheet";
});

// What stands on a card, in both languages, whoever prints it.
kernel::texts!(CardTexts in Fr, En {
    which: "Appareil {device}, porte {place}.", "Device {device}, door {place}.";
    scan: "Lisez ce code avec l’appareil photo du téléphone, ou ouvrez {address} et entrez-le.",
        "Read this code with the phone’s camera, or open {address} and enter it.";
    until: "Valable une fois, jusqu’au {when}.", "Good once, until {when}.";
});

/// The most devices on a sheet.
const MOST: usize = 100;
/// For how many hours codes can be good.
const HOURS: [&str; 3] = ["1", "4", "12"];
const HOUR_MS: i64 = 3_600_000;

#[derive(Template)]
#[template(path = "sheet_choose.html")]
struct Page {
    states: Vec<DeviceState>,
    names: SiteNames,
    chosen: Option<BTreeSet<DeviceCode>>,
    /// The code behind which the next page begins.
    next: Option<String>,
    wrong: Option<String>,
    inputs: Vec<Input>,
    frame: Frame,
}

impl Page {
    fn new(
        frame: Frame,
        names: SiteNames,
        mut states: Vec<DeviceState>,
        chosen: Option<BTreeSet<DeviceCode>>,
        wrong: Option<String>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let layouts = vec![(SEVERAL, t.several), (SINGLE, t.single)];
        let hours = HOURS.map(|n| {
            let words = if n == "1" { t.one_hour } else { t.hour };
            (n, fill(words, &[("n", &n)]))
        });
        let next = cut(&mut states, MOST).map(|last| percent_encoded(last.device.as_str()));
        Self {
            states,
            names,
            chosen,
            next,
            wrong,
            inputs: frame.filled([
                Input::choice("layout", t.layout, SEVERAL, layouts),
                Input::choice("hours", t.hours, HOURS[1], hours.into()),
            ]),
            frame,
        }
    }

    /// Those that are not enrolled are chosen, unless somebody chose.
    fn is_chosen(&self, state: &DeviceState) -> bool {
        let chosen = self.chosen.as_ref();
        chosen.map_or(state.tokens == 0, |chosen| chosen.contains(&state.device))
    }
}

const SEVERAL: &str = "several";
const SINGLE: &str = "single";

/// Where a device stands, for people: its door, and the sectors behind.
fn place(names: &SiteNames, state: &DeviceState) -> String {
    let door = names.doors.of(&state.door);
    match state.sectors.is_empty() {
        true => door,
        false => format!("{door} – {}", names.sectors.of_each(&state.sectors)),
    }
}

/// A card of the sheet.
struct Card {
    /// What the device is called.
    name: String,
    place: String,
    code: String,
    picture: String,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct Sheet {
    cards: Vec<Card>,
    is_single: bool,
    address: String,
    expires_at: Timestamp,
    warnings: Vec<String>,
    frame: Frame,
}

impl Sheet {
    /// The texts of cards in both languages, and until when codes are good.
    fn languages(&self) -> [(&'static str, &'static CardTexts, String); 2] {
        [Language::Fr, Language::En].map(|language| {
            let formats = Formats {
                language,
                ..self.frame.formats.clone()
            };
            let until = formats.moment(self.expires_at);
            (language.as_str(), CardTexts::of(language), until)
        })
    }
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let db = visit.db();
    let (names, mut states) = (SiteNames::read(db).await?, gate::devices(db).await?);
    if let Some(after) = query.some("after") {
        states.retain(|state| state.device.as_str() > after);
    }
    let page = Page::new(visit.frame(), names, states, None, None);
    visit.page(&page)
}

pub(crate) async fn make(visit: Visit, entered: Entered) -> Answer {
    let db = visit.db();
    let (names, states) = (SiteNames::read(db).await?, gate::devices(db).await?);
    let chosen = entered.all("device").filter_map(|code| code.parse().ok());
    let chosen: BTreeSet<DeviceCode> = chosen.collect();
    let of_sheet: Vec<_> = states
        .iter()
        .filter(|state| chosen.contains(&state.device))
        .collect();
    let t = Texts::of(visit.language);
    let wrong = match of_sheet.len() {
        0 => Some(t.none_chosen.to_owned()),
        1..=MOST => None,
        _ => Some(fill(t.too_many, &[("most", &MOST)])),
    };
    if wrong.is_some() {
        let visit = visit.wrong(entered, Mistakes::default());
        let page = Page::new(visit.frame(), names, states, Some(chosen), wrong);
        return visit.page(&page);
    }
    let hours = entered.text("hours");
    let hours = HOURS.into_iter().find(|known| *known == hours);
    let valid_ms = hours.and_then(|n| n.parse().ok()).unwrap_or(1) * HOUR_MS;
    let codes = of_sheet.iter().map(|state| {
        let code = EnrolmentCode::from_random(*Uuid::new_v4().as_bytes());
        (state.device.clone(), code)
    });
    let codes: Vec<_> = codes.collect();
    let expires_at = acts::make_enrolment_codes(&visit.author()?, &codes, valid_ms).await?;
    let url = visit.office.role.url.trim_end_matches('/').to_owned();
    let address = format!("{url}/scan");
    let cards = of_sheet.iter().zip(&codes).map(|(state, (_, code))| {
        let code = code.reveal();
        Card {
            name: names.devices.of(&state.device),
            place: place(&names, state),
            picture: qr_svg(&format!("{address}#enrol={code}")),
            code,
        }
    });
    visit.page(&Sheet {
        cards: cards.collect(),
        is_single: entered.text("layout") == SINGLE,
        warnings: warnings(visit.language, &url, visit.office.gate.is_some()),
        address,
        expires_at,
        frame: visit.frame(),
    })
}
