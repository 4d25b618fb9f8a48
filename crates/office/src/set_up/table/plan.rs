//! What a table would change, shown before it is taken; and what is asked where a new
//! code may be a slip of the pen.

use crate::page::*;
use crate::set_up::site_change::listed;
use gate::site::table::{Lookalike, SiteTable, TableChange};
use kernel::hex;
use sha2::{Digest, Sha256};
use std::fmt::Display;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Ce que changerait le tableau", "What the table would change";
    ask: "Rien n’est encore enregistré. Voici ce qui changerait ; le reste ne bouge pas.",
        "Nothing is saved yet. This is what would change; everything else stays.";
    slips: "Ces codes sont nouveaux, et ressemblent à un code qui existe. Dites lequel est voulu.",
        "These codes are new, and look like one that is there. Say which is meant.";
    missing: "Choisissez d’abord, pour chaque code, ce qui est voulu.", "First choose what is meant for each code.";
    is_new: "{code} est nouveau", "{code} is new";
    is_known: "{known} est voulu", "{known} is meant";
    sectors: "Secteurs", "Sectors";
    doors: "Portes", "Doors";
    new_sector: "{code} : nouveau secteur", "{code}: new sector";
    named: "{code} : s’appelait « {from} », s’appellera « {to} »", "{code}: called “{from}”, will be called “{to}”";
    new_door: "{code} : nouvelle porte, mène à {to}", "{code}: new door, leads to {to}";
    door_moved: "{code} : menait à {from}, mènera à {to}", "{code}: leads to {from}, will lead to {to}";
    nowhere: "aucun secteur", "no sector";
    new_device: "{code} : nouvel appareil, à la porte {to}", "{code}: new device, at the door {to}";
    device_moved: "{code} : passe de la porte {from} à la porte {to}", "{code}: moves from the door {from} to the door {to}";
    device_set: "{code} : autres réglages ou autre langue", "{code}: other settings or another language";
    yes: "Oui, enregistrer cela", "Yes, save this";
    no: "Non, corriger le tableau", "No, correct the table";
});

/// As many changes of a kind are shown; who has more knows the table.
const SHOWN: usize = 200;

/// The page that asks.
#[derive(Template)]
#[template(path = "table_plan.html")]
pub(super) struct Plan {
    /// The table, with what was said to be meant.
    pub(super) table: SiteTable,
    /// What it changes.
    pub(super) changes: Vec<TableChange>,
    /// Codes that may be slips, and nobody has said which is meant.
    pub(super) asked: Vec<Lookalike>,
    /// What was said of the others: field and answer.
    told: Vec<(String, String)>,
    /// Whether the answers were looked for in vain.
    is_asked_again: bool,
    text: String,
    frame: Frame,
}

/// The field that says what is meant by a code.
fn field(slip: &Lookalike) -> String {
    format!("{} {}", slip.kind, slip.code)
}

impl Plan {
    pub(super) fn new(
        frame: Frame,
        table: SiteTable,
        site: &Site,
        text: String,
        entered: &Entered,
    ) -> Self {
        let (mut table, mut asked, mut told) = (table, Vec::new(), Vec::new());
        for slip in table.lookalikes(site) {
            let field = field(&slip);
            let answer = entered.some(&field).unwrap_or_default();
            let corrected = match answer {
                "new" => Ok(table.clone()),
                "known" => table.clone().corrected(&slip),
                _ => {
                    asked.push(slip);
                    continue;
                }
            };
            match corrected {
                Ok(corrected) => {
                    told.push((field, answer.to_owned()));
                    table = corrected;
                }
                // The table says something of both: so it is new.
                Err(_) => asked.push(slip),
            }
        }
        let is_asked_again = entered.some("agreed").is_some() && !asked.is_empty();
        Self {
            changes: table.changes(site),
            table,
            asked,
            told,
            is_asked_again,
            text,
            frame,
        }
    }

    /// What somebody agrees to.
    fn agreed(&self) -> String {
        hex(Sha256::digest(format!("{:?}", self.changes)))
    }

    /// Whether somebody has agreed to just this.
    pub(super) fn is_agreed(&self, entered: &Entered) -> bool {
        self.asked.is_empty() && entered.text("agreed") == self.agreed()
    }

    /// The changes in words, kind by kind; the first ones, and how many more there are.
    fn in_words(&self) -> [(&'static str, Vec<String>, usize); 3] {
        let t = Texts::of(self.frame.formats.language);
        let all: Vec<_> = self.changes.iter().map(|change| words(t, change)).collect();
        [t.sectors, t.doors, t.devices].map(|kind| {
            let of_kind = all.iter().filter(|(of, _)| *of == kind);
            let mut texts: Vec<_> = of_kind.map(|(_, text)| text.clone()).collect();
            let more = texts.len().saturating_sub(SHOWN);
            texts.truncate(SHOWN);
            (kind, texts, more)
        })
    }
}

/// A change in words, and the kind of thing that it is of.
fn words(t: &Texts, change: &TableChange) -> (&'static str, String) {
    let say = |text: &str, code: &dyn Display, from: &dyn Display, to: &dyn Display| {
        let from = from.to_string();
        let from = Some(from).filter(|from| !from.is_empty());
        let from = from.unwrap_or_else(|| t.nowhere.to_owned());
        fill(text, &[("code", code), ("from", &from), ("to", to)])
    };
    match change {
        TableChange::NewSector(code) => (t.sectors, say(t.new_sector, code, &"", &"")),
        TableChange::SectorNamed { sector, from, to } => {
            (t.sectors, say(t.named, sector, from, to))
        }
        TableChange::NewDoor { door, sector } => (t.doors, say(t.new_door, door, &"", sector)),
        TableChange::DoorNamed { door, from, to } => (t.doors, say(t.named, door, from, to)),
        TableChange::DoorMoved { door, from, to } => {
            (t.doors, say(t.door_moved, door, &listed(from), to))
        }
        TableChange::NewDevice { device, door } => {
            (t.devices, say(t.new_device, device, &"", door))
        }
        TableChange::DeviceNamed { device, from, to } => {
            (t.devices, say(t.named, device, from, to))
        }
        TableChange::DeviceMoved { device, from, to } => {
            (t.devices, say(t.device_moved, device, from, to))
        }
        TableChange::DeviceSet(code) => (t.devices, say(t.device_set, code, &"", &"")),
    }
}
