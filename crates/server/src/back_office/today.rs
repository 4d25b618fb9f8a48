//! The start page: how the day goes, in a few numbers and one sentence.

use super::frame::Frame;
use super::text::{fill, texts};
use super::visit::{Answer, Visit};
use super::{Inner, format::Formats};
use askama::Template;
use boxoffice::report;
use db::DbError;
use gate::attendance::{Attendance, attendance};
use kernel::Money;

texts!(Texts {
    title: "Aujourd’hui", "Today";
    well: "Tout va bien.", "All is well.";
    unresolved: "{n} contrôles attendent leur décision : Otipass ne répond sans doute pas. Ils sont repris d’eux-mêmes.",
        "{n} checks wait for their decision: Otipass is probably silent. They are taken up by themselves.";
    held: "{n} entrées ne peuvent pas être vendues. « passerelle reconcile » dit pourquoi et comment y remédier.",
        "{n} entries cannot be sold. `passerelle reconcile` says why, and what to do.";
    late: "{n} codes attendent de partir à la billetterie. Si le nombre monte encore, regardez si elle répond.",
        "{n} barcodes wait to go to ticketing. If the number keeps growing, look whether it answers.";
    admitted: "Entrées", "Admitted";
    refused: "Refus", "Refused";
    sold: "Vendu", "Sold";
    to_ticketing: "En route vers la billetterie", "On their way to ticketing";
    to_otipass: "À déclarer à Otipass", "To be declared to Otipass";
    ready: "Prêtes à vendre", "Ready to be sold";
    waiting: "En attente d’un remède", "Held, waiting for a cure";
    by_sector: "Entrées par secteur", "Admitted by sector";
    sector: "Secteur", "Sector";
    entries: "Entrées", "Admitted";
    none_yet: "Personne n’est encore entré aujourd’hui.", "Nobody has come in yet today.";
});

/// More barcodes than this on their way are worth a word.
const LATE: i64 = 200;

/// What the page is made of; a part that this process has not is `None`.
#[derive(Debug, Clone, Default)]
struct Day {
    attendance: Option<Attendance>,
    waiting: Option<gate::Waiting>,
    staged: Option<(i64, i64)>,
    sold: Option<Money>,
}

#[derive(Template)]
#[template(path = "back_office/today.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    day: String,
    concerns: Vec<String>,
    tiles: Vec<(&'static str, String)>,
    sectors: Vec<(String, String)>,
    has_gate: bool,
}

impl Page {
    fn new(frame: Frame, day: String, found: &Day) -> Self {
        let t = Texts::of(frame.formats.language);
        let formats = &frame.formats;
        let mut tiles = Vec::new();
        let mut tile = |label, number: i64| tiles.push((label, formats.number(number)));
        if let Some(attendance) = &found.attendance {
            tile(t.admitted, attendance.admitted);
            tile(t.refused, refused(attendance));
        }
        if let Some(sold) = found.sold {
            tiles.push((t.sold, formats.money(sold)));
        }
        let mut tile = |label, number: i64| tiles.push((label, formats.number(number)));
        if let Some(waiting) = &found.waiting {
            tile(t.to_ticketing, waiting.deliveries);
            tile(t.to_otipass, waiting.declarations);
        }
        if let Some((ready, held)) = found.staged {
            tile(t.ready, ready);
            tile(t.waiting, held);
        }
        let sectors = found.attendance.iter().flat_map(|a| &a.by_sector);
        Self {
            concerns: concerns(t, formats, found),
            sectors: sectors
                .map(|(sector, n)| (sector.clone(), formats.number(*n)))
                .collect(),
            has_gate: found.attendance.is_some(),
            day,
            tiles,
            frame,
            t,
        }
    }
}

/// Checks that opened no door.
fn refused(attendance: &Attendance) -> i64 {
    attendance
        .by_outcome
        .iter()
        .filter(|(outcome, _)| {
            outcome
                .parse::<gate::Decision>()
                .is_ok_and(|decision| !decision.opens())
        })
        .map(|(_, checks)| checks)
        .sum()
}

/// What is not well, in words, with what to do.
fn concerns(t: &Texts, formats: &Formats, found: &Day) -> Vec<String> {
    let mut concerns = Vec::new();
    let mut concern = |text, n: i64| concerns.push(fill(text, &[("n", &formats.number(n))]));
    if let Some(waiting) = &found.waiting {
        if waiting.unresolved > 0 {
            concern(t.unresolved, waiting.unresolved);
        }
        if waiting.deliveries > LATE {
            concern(t.late, waiting.deliveries);
        }
    }
    if let Some((_, held)) = found.staged
        && held > 0
    {
        concern(t.held, held);
    }
    concerns
}

async fn find(office: &Inner, today: kernel::BusinessDay) -> Result<Day, DbError> {
    let mut day = Day::default();
    if let Some(gate) = &office.gate {
        day.attendance = Some(attendance(&office.db, today, today).await?);
        day.waiting = Some(gate.waiting().await?);
    }
    if let Some(box_office) = &office.box_office {
        let staged = box_office.waiting().await?;
        day.staged = Some((staged.ready, staged.held));
        let sales = report::sales(&office.db, today, today).await?;
        day.sold = Some(sales.total.net.gross_minor);
    }
    Ok(day)
}

pub(crate) async fn lead(visit: Visit) -> Answer {
    Ok(visit.go("/office/"))
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let frame = visit.frame();
    let role = &visit.office.role;
    let today = role.zone.business_day(role.staff.now());
    let found = find(&visit.office, today).await?;
    let day = frame.formats.day(today);
    visit.page(&Page::new(frame, day, &found))
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let Ok(day) = "2026-07-14".parse() else {
        return Vec::new();
    };
    let attendance = Attendance {
        from: day,
        to: day,
        checks: 12_345,
        admitted: 12_001,
        cancelled: 0,
        by_outcome: [("accepted", 12_001), ("already_used", 344)]
            .map(|(outcome, n)| (outcome.to_owned(), n))
            .into(),
        by_sector: [("VN_AUG".to_owned(), 9_000), ("VN_GEO".to_owned(), 3_001)].into(),
        by_hour: [("09".to_owned(), 12_001)].into(),
        by_device: [("PDA01".to_owned(), 12_001)].into(),
    };
    let busy = Day {
        attendance: Some(attendance),
        waiting: Some(gate::Waiting {
            deliveries: 201,
            declarations: 3,
            cancellations: 0,
            give_backs: 0,
            unresolved: 2,
        }),
        staged: Some((5, 7)),
        sold: Some(Money::from_minor(1_234_550)),
    };
    [busy, Day::default()]
        .iter()
        .filter_map(|found| {
            let text = frame.formats.day(day);
            Page::new(frame.clone(), text, found).render().ok()
        })
        .collect()
}
