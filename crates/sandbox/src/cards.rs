//! Sample cards: some of each kind, and what will happen to them.

use crate::pass::with_check_digit;
use crate::{Pass, PassBook, PassStatus, Sandbox, rules};
use kernel::text::fill;
use kernel::{BusinessDay, CardNumber};
use otipass::{EntriesLeft, Refusal, ServiceId};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The most sample cards of one kind.
const CARDS_PER_GROUP: usize = 6;

kernel::words! {
    /// What will happen to a card; in the order in which they are shown.
    #[derive(PartialOrd, Ord)]
    pub enum Fate: "fate of a card" {
        /// It was used before and still opens something.
        Accepted = "accepted",
        /// It was never used; its first entry starts its period.
        FirstUse = "first-use",
        /// Its entries are used somewhere.
        AlreadyUsed = "already-used",
        /// Somewhere it is not included.
        NotIncluded = "not-included",
        /// Its period is over.
        Expired = "expired",
        /// It was declared invalid.
        Blocked = "blocked",
        /// It was never sold.
        NotSold = "not-sold",
        /// Otipass does not know it.
        Unknown = "unknown",
    }
}

kernel::texts!(Texts in Fr, En {
    accepted: "Acceptés", "Accepted";
    accepted_means: "Des pass en cours, avec des entrées restantes.", "Passes in use, with entries left.";
    first_use: "Acceptés, première utilisation", "Accepted, first use";
    first_use_means: "Vendus et jamais utilisés\u{a0}: la première entrée fait commencer leur période.",
        "Sold but never used: the first entry starts their period.";
    already_used: "Déjà utilisés", "Already used";
    already_used_means: "Toutes les entrées sont utilisées dans un lieu au moins.",
        "Every entry is used in at least one place.";
    not_included: "Pas inclus partout", "Not included everywhere";
    not_included_means: "De bons pass qui ne comprennent pas tous les lieux.",
        "Good passes that do not include every place.";
    expired: "Expirés", "Expired";
    expired_means: "La période de ces pass est finie.", "The period of these passes is over.";
    blocked: "Bloqués", "Blocked";
    blocked_means: "Des pass qui ont été déclarés non valables.", "Passes that were declared invalid.";
    not_sold: "Pas vendus", "Not sold";
    not_sold_means: "Des pass fabriqués et jamais vendus.", "Passes that were made but never sold.";
    unknown: "Inconnus", "Unknown";
    unknown_means: "Des numéros d’apparence juste qu’Otipass ne connaît pas.",
        "Numbers that look right and that Otipass does not know.";
    until: "jusqu’au {day}", "until {day}";
    place: "{place}\u{a0}: {said}", "{place}: {said}";
    admitted: "admis, {left}", "admitted, {left}";
    unlimited: "entrées illimitées", "unlimited";
    one_left: "reste 1 entrée", "1 entry left";
    left: "restent {count} entrées", "{count} entries left";
    used: "déjà utilisé", "already used";
    lacks: "pas inclus", "not included";
    title: "Cartes d’exemple · {project}", "Sample cards · {project}";
    of: "Cartes d’exemple de", "Sample cards of";
    kicker: "Bac à sable Otipass", "Otipass sandbox";
    kinds: "Genres de cartes", "Kinds of cards";
    lead: "Scannez une carte à l’écran ou sur papier. Ce qui est écrit ici vaut pour le {day}, avec {count} pass et les entrées faites jusqu’ici. Une coche veut dire admis, avec tant d’entrées restantes.",
        "Scan a card from the screen or from paper. What stands here holds for {day}, with {count} passes and the entries made so far. A tick means admitted, with so many entries left.";
    code_of: "Code QR de {number}", "QR code of {number}";
});

impl Fate {
    /// Its heading, and what it means in one sentence.
    pub(crate) const fn told(self, t: &Texts) -> (&'static str, &'static str) {
        match self {
            Fate::Accepted => (t.accepted, t.accepted_means),
            Fate::FirstUse => (t.first_use, t.first_use_means),
            Fate::AlreadyUsed => (t.already_used, t.already_used_means),
            Fate::NotIncluded => (t.not_included, t.not_included_means),
            Fate::Expired => (t.expired, t.expired_means),
            Fate::Blocked => (t.blocked, t.blocked_means),
            Fate::NotSold => (t.not_sold, t.not_sold_means),
            Fate::Unknown => (t.unknown, t.unknown_means),
        }
    }
}

/// One card to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleCard {
    /// Its number, which is also the text of its QR code.
    pub number: CardNumber,
    /// The last day of its period, once that has begun.
    pub valid_until: Option<BusinessDay>,
    /// What is said to it, place by place; empty if it is the same everywhere.
    pub places: Vec<(String, Result<EntriesLeft, Refusal>)>,
}

/// Cards of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleGroup {
    /// The kind.
    pub fate: Fate,
    /// At most six of them; none if the passes have none of the kind.
    pub cards: Vec<SampleCard>,
}

impl Sandbox {
    /// Sample cards by what will happen to them today, as things stand now.
    #[must_use]
    pub fn samples(&self) -> Vec<SampleGroup> {
        let passes = self.passes();
        let places = places(&self.settings().service_names, &passes);
        let day = self.today();
        let mut taken = BTreeSet::new();
        let mut groups: Vec<_> = Fate::ALL
            .into_iter()
            .map(|fate| SampleGroup {
                fate,
                cards: pick(fate, &passes, &places, day, &mut taken),
            })
            .collect();
        if let (Some(group), Some(number)) = (groups.last_mut(), nobodys_number(&passes)) {
            group.cards.truncate(CARDS_PER_GROUP - 1);
            group.cards.push(SampleCard {
                number,
                valid_until: None,
                places: Vec::new(),
            });
        }
        groups
    }
}

type Places = BTreeMap<ServiceId, String>;

fn places(names: &Places, passes: &PassBook) -> Places {
    if !names.is_empty() {
        return names.clone();
    }
    passes
        .iter()
        .flat_map(|pass| pass.services.keys())
        .map(|service| (service.clone(), service.to_string()))
        .collect()
}

fn pick(
    fate: Fate,
    passes: &PassBook,
    places: &Places,
    day: BusinessDay,
    taken: &mut BTreeSet<CardNumber>,
) -> Vec<SampleCard> {
    let mut found: Vec<(usize, &Pass)> = passes
        .iter()
        .filter(|pass| !taken.contains(&pass.number))
        .filter_map(|pass| {
            let said: Vec<_> = places
                .keys()
                .map(|service| rules::verdict(Some(pass), service, day))
                .collect();
            let has = |refusal| said.contains(&Err(refusal));
            let fits = match fate {
                Fate::Accepted => pass.status == PassStatus::Active && said.contains(&Ok(())),
                Fate::FirstUse => pass.status == PassStatus::Inactive && said.contains(&Ok(())),
                Fate::AlreadyUsed => has(Refusal::AlreadyUsed),
                Fate::NotIncluded => has(Refusal::ServiceNotIncluded),
                Fate::Expired => has(Refusal::PassExpired),
                Fate::Blocked => has(Refusal::PassBlocked),
                Fate::NotSold => has(Refusal::PassNotSold),
                Fate::Unknown => has(Refusal::UnknownPass),
            };
            fits.then_some((said.iter().filter(|said| said.is_err()).count(), pass))
        })
        .collect();
    // Each kind shows itself best in the passes with the fewest refusals, and
    // the refusals of two kinds in those with the most.
    match fate {
        Fate::AlreadyUsed | Fate::NotIncluded => {
            found.sort_by_key(|(refusals, _)| Reverse(*refusals))
        }
        _ => found.sort_by_key(|(refusals, _)| *refusals),
    }
    found
        .into_iter()
        .take(CARDS_PER_GROUP)
        .map(|(_, pass)| {
            taken.insert(pass.number.clone());
            sample(fate, pass, places, day)
        })
        .collect()
}

fn sample(fate: Fate, pass: &Pass, places: &Places, day: BusinessDay) -> SampleCard {
    let alike = matches!(
        fate,
        Fate::Expired | Fate::Blocked | Fate::NotSold | Fate::Unknown
    );
    let said = |(service, name): (&ServiceId, &String)| {
        let left = pass
            .services
            .get(service)
            .copied()
            .unwrap_or(EntriesLeft::Count(0));
        (
            name.clone(),
            rules::verdict(Some(pass), service, day).map(|()| left),
        )
    };
    SampleCard {
        number: pass.number.clone(),
        valid_until: pass.valid_until,
        places: if alike {
            Vec::new()
        } else {
            places.iter().map(said).collect()
        },
    }
}

fn nobodys_number(passes: &PassBook) -> Option<CardNumber> {
    (0..10_000_000u32)
        .rev()
        .filter_map(|digits| with_check_digit(&format!("{digits:07}")))
        .find(|number| passes.get(number).is_none())
}

/// What a card is told in one place; a page's tick says that it is admitted.
pub(crate) fn briefly(said: &Result<EntriesLeft, Refusal>, t: &Texts) -> String {
    match said {
        Ok(EntriesLeft::Unlimited) => t.unlimited.to_owned(),
        Ok(EntriesLeft::Count(1)) => t.one_left.to_owned(),
        Ok(EntriesLeft::Count(count)) => fill(t.left, &[("count", count)]),
        Err(Refusal::AlreadyUsed) => t.used.to_owned(),
        Err(Refusal::ServiceNotIncluded) => t.lacks.to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}

/// Whether a text shows QR codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrCodes {
    /// Drawn in block characters, light on dark, to be scanned off a terminal.
    Drawn,
    /// Left out.
    LeftOut,
}

/// The sample cards as plain text.
#[must_use]
pub fn cards_text(sandbox: &Sandbox, codes: QrCodes) -> String {
    let t = Texts::of(sandbox.settings().language);
    let mut text = String::new();
    for group in sandbox.samples() {
        if group.cards.is_empty() {
            continue;
        }
        let (heading, meaning) = group.fate.told(t);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{heading}\n{meaning}\n");
        for card in group.cards {
            let _ = write!(text, "  {}", card.number.reveal());
            if let Some(day) = card.valid_until {
                let _ = write!(text, "  {}", fill(t.until, &[("day", &day)]));
            }
            text.push('\n');
            for (place, answer) in &card.places {
                let said = briefly(answer, t);
                let said = match answer {
                    Ok(_) => fill(t.admitted, &[("left", &said)]),
                    Err(_) => said,
                };
                let line = fill(t.place, &[("place", place), ("said", &said)]);
                let _ = writeln!(text, "    {line}");
            }
            if codes == QrCodes::Drawn {
                text.push_str(&drawn(&card.number));
            }
        }
        text.push('\n');
    }
    text
}

fn drawn(number: &CardNumber) -> String {
    let Ok(code) = QrCode::new(number.reveal()) else {
        return String::new();
    };
    // A terminal's characters are light and its ground dark, so the two change places.
    let drawing = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    drawing
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect()
}
