//! Looking checks up by card, device, outcome and day, and one check's whole
//! story on one page. A card's number is typed whole, goes by a form and never
//! into an address, and is never shown whole.

#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod settle;
pub(crate) mod story;

pub(crate) use story::show;

use super::table_file::{self, Column, Form, Stems, downloads, maybe, text};
use crate::coded::said;
use crate::page::*;
use gate::Direction;
use gate::records::doubts::Doubt;
use gate::records::history::{CheckFilter, CheckLine, checks, of_ids};
use kernel::{CardNumber, Zone};
use std::collections::BTreeMap;

/// Rows on a page.
const ROWS: u32 = 50;
/// The most checks of one card that are shown: the latest.
const ROWS_OF_CARD: u32 = 100;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    why: "Chaque passage d’un pass devant un appareil, le dernier arrivé d’abord. Les numéros de carte ne sont jamais affichés en entier.",
        "Every scan of a pass at a device, the latest arrival first. Card numbers are never shown whole.";
    by_card: "Par numéro de carte", "By card number";
    card: "Numéro de carte", "Card number";
    card_hint: "En entier, tel qu’il est imprimé sur la carte.", "Whole, as it is printed on the card.";
    card_wrong: "Ce n’est pas un numéro de carte. Tapez-le en entier, sans espaces.",
        "This is no card number. Type it whole, without spaces.";
    search: "Chercher", "Search";
    of_card: "Les contrôles de la carte {card}, les 100 derniers au plus.",
        "The checks of the card {card}, the latest 100 at most.";
    cancelled: "annulé", "cancelled";
    mark: "Marque", "Mark";
    removed: "numéro effacé ou non lu", "number removed or not read";
    nothing: "Aucun contrôle ne correspond.", "No check matches.";
});

#[derive(Template)]
#[template(path = "checks.html")]
struct Page {
    card: Vec<Input>,
    filters: [Input; 5],
    /// The card whose checks these are.
    of_card: Option<CardNumber>,
    checks: Vec<CheckLine>,
    names: SiteNames,
    /// The same list as files: what they are called, and where they are.
    downloads: Vec<(&'static str, String)>,
    pager: Pager,
    frame: Frame,
}

/// The mark's name for people.
pub(crate) const fn mark_name(doubt: Doubt, language: Language) -> &'static str {
    said!(language, doubt, {
        Doubt::PossiblePassBack => "Passages possibles à deux", "Possible pass-backs";
        Doubt::EstimatedTime => "Heures estimées", "Estimated times";
        Doubt::Run => "Suites d’une même carte", "Runs of one card";
    })
}

/// What links to checks say: when each was scanned, and where.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeMap<CheckId, String>);

impl Links {
    pub(crate) fn new(frame: &Frame, names: &SiteNames, checks: Vec<CheckLine>) -> Self {
        let said = |check: CheckLine| {
            let at = frame.formats.moment(check.scanned_at);
            (
                check.id,
                format!("{at}, {}", names.devices.of(&check.device)),
            )
        };
        Self(checks.into_iter().map(said).collect())
    }

    pub(crate) async fn read(
        visit: &Visit,
        names: &SiteNames,
        ids: impl IntoIterator<Item = CheckId>,
    ) -> Result<Self, DbError> {
        let found = of_ids(visit.db(), ids.into_iter().collect()).await?;
        Ok(Self::new(&visit.frame(), names, found))
    }

    pub(crate) fn of(&self, id: &CheckId) -> &str {
        self.0.get(id).map_or("–", String::as_str)
    }
}

/// What the address asks for. What cannot be read is as if it were not there.
fn wanted(query: &Entered, zone: &Zone) -> CheckFilter {
    let (from, until) = days(query, zone);
    let before = query.some("before").and_then(|place| {
        let (at, id) = place.split_once('_')?;
        let at = Timestamp::from_millis(at.parse().ok()?)?;
        Some((at, id.parse().ok()?))
    });
    CheckFilter {
        card: None,
        device: query.read("device"),
        decision: query.read("outcome"),
        doubt: query.read("mark"),
        from,
        until,
        before,
    }
}

impl Page {
    fn new(
        frame: Frame,
        query: &Entered,
        names: SiteNames,
        checks: Vec<CheckLine>,
        next: Option<String>,
    ) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let marks = Doubt::ALL
            .iter()
            .map(|d| (d.as_str().to_owned(), mark_name(*d, language).to_owned()));
        let decisions = Decision::ALL.map(|d| (d.as_str(), outcome::name(d, language)));
        let decisions = decisions.map(|(word, name)| (word.to_owned(), name.to_owned()));
        let all = || std::iter::once((String::new(), t.all.to_owned()));
        let choice = |name, label, choices| Input::choice(name, label, query.text(name), choices);
        let filters = [
            choice(
                "device",
                t.device,
                all().chain(names.devices.all()).collect(),
            ),
            choice("outcome", t.outcome, all().chain(decisions).collect()),
            choice("mark", t.mark, all().chain(marks).collect()),
            Input::day("from", t.from, query.text("from")),
            Input::day("to", t.to, query.text("to")),
        ];
        let (sent, before) = (filters.each_ref().map(Input::sent), query.some("before"));
        Self {
            card: frame.filled([Input::text("card", t.card, "").hint(t.card_hint)]),
            of_card: None,
            downloads: downloads(language, &access::CHECKS_TABLE, &sent),
            pager: Pager::new(&frame, access::CHECKS, &sent, before, next),
            filters,
            checks,
            names,
            frame,
        }
    }
}

/// The checks that are wanted; none in a process without a gate.
async fn find(visit: &Visit, filter: CheckFilter, limit: u32) -> Result<Vec<CheckLine>, DbError> {
    if visit.office.gate.is_none() {
        return Ok(Vec::new());
    }
    checks(visit.db(), filter, limit).await
}

pub(crate) async fn list(visit: Visit, Query(query): Query) -> Answer {
    let frame = visit.frame();
    let wanted = wanted(&query, &frame.formats.zone);
    let mut found = find(&visit, wanted, ROWS + 1).await?;
    let next = cut(&mut found, ROWS as usize);
    let next = next.map(|last| format!("{}_{}", last.arrived_at.millis(), last.id));
    let names = SiteNames::read(visit.db()).await?;
    visit.page(&Page::new(frame, &query, names, found, next))
}

pub(crate) async fn table(visit: Visit, Path(form): Path<Form>, Query(query): Query) -> Answer {
    let wanted = wanted(&query, &visit.office.role.zone);
    let found = find(&visit, wanted, table_file::LIST_ROWS + 1).await?;
    let columns: [Column<'_, CheckLine>; 10] = [
        ("check", &|check| text(check.id)),
        ("scanned_at", &|check| text(check.scanned_at)),
        ("arrived_at", &|check| text(check.arrived_at)),
        ("device", &|check| text(&check.device)),
        ("mode", &|check| text(check.mode)),
        ("direction", &|check| text(check.direction)),
        ("outcome", &|check| text(check.decision)),
        // Without its middle, as on the page.
        ("card", &|check| maybe(check.card.as_ref())),
        ("sector", &|check| maybe(check.sector.as_ref())),
        ("cancelled", &|check| text(check.cancelled)),
    ];
    table_file::send_list(form, Stems::of(visit.language).checks, &columns, found)
}

/// The checks of one card. A form's body, not an address, holds its number.
pub(crate) async fn of_card(visit: Visit, entered: Entered) -> Answer {
    let (nothing, names) = (Entered::default(), SiteNames::read(visit.db()).await?);
    let Some(card) = entered.read::<CardNumber>("card") else {
        let mistakes = Mistakes::one("card", Texts::of(visit.language).card_wrong);
        let visit = visit.wrong(Entered::default(), mistakes);
        let page = Page::new(visit.frame(), &nothing, names, Vec::new(), None);
        return visit.page(&page);
    };
    let filter = CheckFilter {
        card: Some(card.clone()),
        ..CheckFilter::default()
    };
    let found = find(&visit, filter, ROWS_OF_CARD).await?;
    visit.page(&Page {
        of_card: Some(card),
        ..Page::new(visit.frame(), &nothing, names, found, None)
    })
}
