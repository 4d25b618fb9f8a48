//! What a table would change, shown before it is taken; and what is asked where a new
//! code may be a slip of the pen.

use crate::page::*;
use gate::site::table::{Becomes, Kind, Lookalike, SiteTable, TableChange};
use kernel::hex;
use sha2::{Digest, Sha256};

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
        let of = |title, kind| {
            let changes = || self.changes.iter().filter(|change| change.kind == kind);
            let words = changes().take(SHOWN).map(|change| words(t, change));
            (
                title,
                words.collect(),
                changes().count().saturating_sub(SHOWN),
            )
        };
        [
            of(t.sectors, Kind::Sector),
            of(t.doors, Kind::Door),
            of(t.devices, Kind::Device),
        ]
    }
}

/// A change in words.
fn words(t: &Texts, change: &TableChange) -> String {
    let say = |text: &str, from: &str, to: &str| {
        let from = if from.is_empty() { t.nowhere } else { from };
        let code = &change.code;
        fill(text, &[("code", code), ("from", &from), ("to", &to)])
    };
    match (&change.becomes, change.kind) {
        (Becomes::New(_), Kind::Sector) => say(t.new_sector, "", ""),
        (Becomes::New(to), Kind::Door) => say(t.new_door, "", to),
        (Becomes::New(to), Kind::Device) => say(t.new_device, "", to),
        (Becomes::Named { from, to }, _) => say(t.named, from, to),
        (Becomes::Moved { from, to }, Kind::Device) => say(t.device_moved, &from.join(", "), to),
        (Becomes::Moved { from, to }, _) => say(t.door_moved, &from.join(", "), to),
        (Becomes::Set, _) => say(t.device_set, "", ""),
    }
}
