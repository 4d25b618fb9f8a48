//! Sample cards: some of each kind, and what will happen to them.

use crate::pass::with_check_digit;
use crate::{Pass, PassBook, PassStatus, Sandbox, rules};
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
    /// What will happen to a card, by its heading; in the order in which they are
    /// shown.
    #[derive(PartialOrd, Ord)]
    pub enum Fate: "fate of a card" {
        /// It was used before and still opens something.
        Accepted = "Accepted",
        /// It was never used; its first entry starts its period.
        FirstUse = "Accepted, first use",
        /// Its entries are used somewhere.
        AlreadyUsed = "Already used",
        /// Somewhere it is not included.
        NotIncluded = "Not included everywhere",
        /// Its period is over.
        Expired = "Expired",
        /// It was declared invalid.
        Blocked = "Blocked",
        /// It was never sold.
        NotSold = "Not sold",
        /// Otipass does not know it.
        Unknown = "Unknown",
    }
}

impl Fate {
    /// What it means, in one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Fate::Accepted => "Passes in use, with entries left.",
            Fate::FirstUse => "Sold but never used: the first entry starts their period.",
            Fate::AlreadyUsed => "Every entry is used in at least one place.",
            Fate::NotIncluded => "Good passes that do not include every place.",
            Fate::Expired => "The period of these passes is over.",
            Fate::Blocked => "Passes that were declared invalid.",
            Fate::NotSold => "Passes that were made but never sold.",
            Fate::Unknown => "Numbers that look right and that Otipass does not know.",
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

/// What a card is told in one place.
pub(crate) fn said(said: &Result<EntriesLeft, Refusal>) -> String {
    match said {
        Ok(EntriesLeft::Unlimited) => "admitted, unlimited".to_owned(),
        Ok(EntriesLeft::Count(1)) => "admitted, 1 entry left".to_owned(),
        Ok(EntriesLeft::Count(count)) => format!("admitted, {count} entries left"),
        Err(Refusal::AlreadyUsed) => "already used".to_owned(),
        Err(Refusal::ServiceNotIncluded) => "not included".to_owned(),
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
    let mut text = String::new();
    for group in sandbox.samples() {
        if group.cards.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\n{}\n", group.fate, group.fate.meaning());
        for card in group.cards {
            let _ = write!(text, "  {}", card.number.reveal());
            if let Some(day) = card.valid_until {
                let _ = write!(text, "  until {day}");
            }
            text.push('\n');
            for (place, answer) in &card.places {
                let _ = writeln!(text, "    {place}: {}", said(answer));
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
