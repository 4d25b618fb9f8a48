//! Looking checks up by card, device, outcome and day, and one check's whole
//! story on one page. A card's number is typed whole, goes by a form and never
//! into an address, and is never shown whole.

#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod settle;
pub(crate) mod story;

pub(crate) use story::show;

use super::table_file::{self, Form, downloads, text};
use crate::coded::said;
use crate::page::*;
use gate::Direction;
use gate::records::doubts::Doubt;
use gate::records::history::{CheckFilter, CheckLine, checks};
use kernel::CardNumber;

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

/// What the address asks for. What cannot be read is as if it were not there.
struct Wanted {
    filter: CheckFilter,
    before: Option<String>,
    days: Days,
}

impl Wanted {
    fn read(query: &Entered, frame: &Frame) -> Self {
        let days = Days::read(query);
        let (from, until) = days.moments(&frame.formats.zone);
        let before = query.some("before").and_then(|place| {
            let (at, id) = place.split_once('_')?;
            let at = Timestamp::from_millis(at.parse().ok()?)?;
            Some((at, id.parse().ok()?))
        });
        Self {
            filter: CheckFilter {
                card: None,
                device: query.read("device"),
                decision: query.read("outcome"),
                doubt: query.read("mark"),
                from,
                until,
                before,
            },
            before: before.and(query.some("before").map(str::to_owned)),
            days,
        }
    }
}

impl Page {
    fn new(
        frame: Frame,
        wanted: &Wanted,
        names: SiteNames,
        checks: Vec<CheckLine>,
        next: Option<String>,
    ) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let device = wanted.filter.device.as_ref().map_or("", DeviceCode::as_str);
        let decision = wanted.filter.decision.map_or("", Decision::as_str);
        let mark = wanted.filter.doubt.map_or("", Doubt::as_str);
        let marks = Doubt::ALL
            .iter()
            .map(|d| (d.as_str(), mark_name(*d, language)));
        let devices = names.devices.all();
        let decisions = Decision::ALL.map(|d| (d.as_str(), outcome::name(d, language)));
        let all = || std::iter::once(("", t.all));
        let any = std::iter::once((String::new(), t.all.to_owned()));
        let [from, to] = &wanted.days.texts();
        let query = [
            ("device", device),
            ("outcome", decision),
            ("mark", mark),
            ("from", from),
            ("to", to),
        ];
        Self {
            card: frame.filled([Input::text("card", t.card, "").hint(t.card_hint)]),
            filters: [
                Input::choice("device", t.device, device, any.chain(devices).collect()),
                Input::choice(
                    "outcome",
                    t.outcome,
                    decision,
                    all().chain(decisions).collect(),
                ),
                Input::choice("mark", t.mark, mark, all().chain(marks).collect()),
                Input::day("from", t.from, from),
                Input::day("to", t.to, to),
            ],
            of_card: wanted.filter.card.clone(),
            downloads: downloads(language, &access::CHECKS_TABLE, &query),
            pager: Pager::new(&frame, access::CHECKS, &query, wanted.before.clone(), next),
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

async fn names(visit: &Visit) -> Result<SiteNames, DbError> {
    match visit.office.gate {
        Some(_) => SiteNames::read(visit.db()).await,
        None => Ok(SiteNames::default()),
    }
}

pub(crate) async fn list(visit: Visit, Query(query): Query) -> Answer {
    let frame = visit.frame();
    let wanted = Wanted::read(&query, &frame);
    let mut found = find(&visit, wanted.filter.clone(), ROWS + 1).await?;
    let next = cut(&mut found, ROWS as usize);
    let next = next.map(|last| format!("{}_{}", last.arrived_at.millis(), last.id));
    let names = names(&visit).await?;
    visit.page(&Page::new(frame, &wanted, names, found, next))
}

/// Columns of the file; `card` without its middle, as on the page.
const COLUMNS: [&str; 10] = [
    "check",
    "scanned_at",
    "arrived_at",
    "device",
    "mode",
    "direction",
    "outcome",
    "card",
    "sector",
    "cancelled",
];
/// The most rows of a file, the latest; `from` and `to` choose others.
const FILE_ROWS: u32 = 50_000;

pub(crate) async fn table(visit: Visit, Path(form): Path<Form>, Query(query): Query) -> Answer {
    let wanted = Wanted::read(&query, &visit.frame());
    let mut found = find(&visit, wanted.filter, FILE_ROWS + 1).await?;
    let more = cut(&mut found, FILE_ROWS as usize).map(|_| table_file::more(&COLUMNS, FILE_ROWS));
    let rows = found.iter().map(|check| {
        vec![
            text(check.id),
            text(check.scanned_at),
            text(check.arrived_at),
            text(&check.device),
            text(check.mode),
            text(check.direction),
            text(check.decision),
            text(
                check
                    .card
                    .as_ref()
                    .map_or(String::new(), ToString::to_string),
            ),
            text(check.sector.as_ref().map_or("", SectorCode::as_str)),
            text(check.cancelled),
        ]
    });
    table_file::send(form, "checks", &COLUMNS, rows.chain(more))
}

/// The checks of one card. A form's body, not an address, holds its number.
pub(crate) async fn of_card(visit: Visit, entered: Entered) -> Answer {
    let mut wanted = Wanted::read(&Entered::default(), &visit.frame());
    let names = names(&visit).await?;
    wanted.filter.card = entered.read("card");
    if wanted.filter.card.is_none() {
        let mistakes = Mistakes::one("card", Texts::of(visit.language).card_wrong);
        let visit = visit.wrong(Entered::default(), mistakes);
        let page = Page::new(visit.frame(), &wanted, names, Vec::new(), None);
        return visit.page(&page);
    }
    let found = find(&visit, wanted.filter.clone(), ROWS_OF_CARD).await?;
    visit.page(&Page::new(visit.frame(), &wanted, names, found, None))
}
