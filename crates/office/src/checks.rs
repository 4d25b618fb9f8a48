//! Looking checks up by card, device, outcome and day, and one check's whole
//! story on one page. A card's number is typed whole, goes by a form and never
//! into an address, and is never shown whole.

#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod settle;
pub(crate) mod story;

pub(crate) use story::show;

use super::outcome;
use super::pager::{Pager, cut};
use crate::page::{Answer, Entered, Frame, Input, Mistakes, Query, Template, Visit, access};
use gate::records::history::{CheckFilter, CheckLine, checks};
use gate::{Decision, Direction, Mode};
use kernel::{BusinessDay, CardNumber, DeviceCode, Timestamp};

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
    removed: "numéro effacé ou non lu", "number removed or not read";
    nothing: "Aucun contrôle ne correspond.", "No check matches.";
});

struct Line {
    link: String,
    day: String,
    time: String,
    card: Option<String>,
    device: String,
    sector: String,
    outcome: &'static str,
    class: &'static str,
    marks: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "checks.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    mistakes: Mistakes,
    card: Input,
    filters: Vec<Input>,
    of_card: Option<String>,
    lines: Vec<Line>,
    pager: Option<Pager>,
}

/// What the address asks for. What cannot be read is as if it were not there.
struct Wanted {
    filter: CheckFilter,
    before: Option<String>,
    from: String,
    to: String,
}

impl Wanted {
    fn read(query: &Entered, frame: &Frame) -> Self {
        let day = |name: &str| query.some(name).and_then(|day| day.parse().ok());
        let (from, to): (Option<BusinessDay>, Option<BusinessDay>) = (day("from"), day("to"));
        let text = |day: Option<BusinessDay>| day.map(|day| day.to_string()).unwrap_or_default();
        let zone = &frame.formats.zone;
        let before = query.some("before").and_then(|place| {
            let (at, id) = place.split_once('_')?;
            let at = Timestamp::from_millis(at.parse().ok()?)?;
            Some((at, id.parse().ok()?))
        });
        Self {
            filter: CheckFilter {
                card: None,
                device: query.some("device").and_then(|code| code.parse().ok()),
                decision: query.some("outcome").and_then(|word| word.parse().ok()),
                from: from.map(|day| zone.start_of(day)),
                until: to.map(|day| zone.start_of(day.plus_days(1))),
                before,
            },
            before: before.and(query.some("before").map(str::to_owned)),
            from: text(from),
            to: text(to),
        }
    }
}

impl Page {
    fn new(
        frame: Frame,
        wanted: &Wanted,
        devices: &[DeviceCode],
        found: &[CheckLine],
        next: Option<String>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let device = wanted.filter.device.as_ref();
        let device = device.map(ToString::to_string).unwrap_or_default();
        let decision = wanted.filter.decision.map_or("", Decision::as_str);
        let query = [
            ("device", device.as_str()),
            ("outcome", decision),
            ("from", &wanted.from),
            ("to", &wanted.to),
        ];
        let mut codes = vec![(String::new(), t.all.to_owned())];
        codes.extend(
            devices
                .iter()
                .map(|code| (code.to_string(), code.to_string())),
        );
        let mut decisions = vec![("", t.all)];
        let language = frame.formats.language;
        decisions.extend(Decision::ALL.map(|d| (d.as_str(), outcome::name(d, language))));
        let present = wanted.before.clone();
        Self {
            mistakes: Mistakes::default(),
            card: Input::text("card", t.card, "").hint(t.card_hint),
            filters: vec![
                Input::choice("device", t.device, &device, codes),
                Input::choice("outcome", t.outcome, decision, decisions),
                Input::day("from", t.from, &wanted.from),
                Input::day("to", t.to, &wanted.to),
            ],
            of_card: None,
            lines: found.iter().map(|check| row(t, &frame, check)).collect(),
            pager: Some(Pager::new(&frame, access::CHECKS, &query, present, next)),
            t,
            frame,
        }
    }

    fn with_mistakes(mut self, mistakes: Mistakes) -> Self {
        self.card = self.card.with(&mistakes);
        self.mistakes = mistakes;
        self
    }

    /// As the answer to a card's number.
    fn of_card(mut self, card: &CardNumber) -> Self {
        let shown = card.to_string();
        self.of_card = Some(kernel::text::fill(self.t.of_card, &[("card", &shown)]));
        self.pager = None;
        self
    }
}

fn row(t: &Texts, frame: &Frame, check: &CheckLine) -> Line {
    let formats = &frame.formats;
    let marks = [
        (check.mode == Mode::Offline, t.offline),
        (check.direction == Direction::Exit, t.exit),
        (check.cancelled, t.cancelled),
    ];
    Line {
        link: access::CHECK.of(check.id),
        day: formats.day(formats.zone.business_day(check.scanned_at)),
        time: formats.time(check.scanned_at),
        card: check.card.as_ref().map(ToString::to_string),
        device: check.device.to_string(),
        sector: check
            .sector
            .as_ref()
            .map_or_else(|| "–".to_owned(), ToString::to_string),
        outcome: outcome::name(check.decision, formats.language),
        class: class(check.decision),
        marks: marks
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, mark)| mark)
            .collect(),
    }
}

/// How a decision's badge looks.
const fn class(decision: Decision) -> &'static str {
    if decision.opens() { "good" } else { "bad" }
}

/// The checks that are wanted; none in a process without a gate.
async fn find(
    visit: &Visit,
    filter: CheckFilter,
    limit: u32,
) -> Result<Vec<CheckLine>, db::DbError> {
    if visit.office.gate.is_none() {
        return Ok(Vec::new());
    }
    checks(&visit.office.db, filter, limit).await
}

async fn devices(visit: &Visit) -> Result<Vec<DeviceCode>, db::DbError> {
    if visit.office.gate.is_none() {
        return Ok(Vec::new());
    }
    let devices = gate::devices(&visit.office.db).await?;
    Ok(devices.into_iter().map(|device| device.device).collect())
}

pub(crate) async fn list(visit: Visit, Query(query): Query) -> Answer {
    let frame = visit.frame();
    let wanted = Wanted::read(&query, &frame);
    let mut found = find(&visit, wanted.filter.clone(), ROWS + 1).await?;
    let next = cut(&mut found, ROWS as usize);
    let next = next.map(|last| format!("{}_{}", last.arrived_at.millis(), last.id));
    let devices = devices(&visit).await?;
    visit.page(&Page::new(frame, &wanted, &devices, &found, next))
}

/// The checks of one card. A form's body, not an address, holds its number.
pub(crate) async fn of_card(visit: Visit, entered: Entered) -> Answer {
    let frame = visit.frame();
    let mut wanted = Wanted::read(&Entered::default(), &frame);
    let devices = devices(&visit).await?;
    let Ok(card) = entered.text("card").trim().parse::<CardNumber>() else {
        let mistakes = Mistakes::one("card", Texts::of(visit.language).card_wrong);
        let page = Page::new(frame, &wanted, &devices, &[], None).with_mistakes(mistakes);
        return visit.page_with(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    wanted.filter.card = Some(card.clone());
    let found = find(&visit, wanted.filter.clone(), ROWS_OF_CARD).await?;
    visit.page(&Page::new(frame, &wanted, &devices, &found, None).of_card(&card))
}
