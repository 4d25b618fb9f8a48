//! The checks behind one number of the books: page by page, the latest first,
//! each with its story.

#[cfg(test)]
pub(crate) mod sample;

use crate::held;
use crate::outcome;
use crate::page::{
    Address, Answer, Entered, Formats, Frame, PageError, Path, Query, Template, Visit, access,
};
use crate::pager::{Pager, cut};
use boxoffice::HeldReason;
use boxoffice::unsold::{self, Unsold, UnsoldLine};
use gate::Decision;
use gate::records::explained::{self, Explained, ExplainedLine};
use gate::records::history::CheckLine;
use kernel::Timestamp;

/// Rows on a page.
const ROWS: u32 = 50;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    in_flight_why: "Ces codes de contrôle partent d’eux-mêmes, par lots. S’ils restent, regardez si la billetterie répond.",
        "These control barcodes go by themselves, in batches. If they stay, look whether ticketing answers.";
    refused: "Refusés par la billetterie", "Refused by ticketing";
    refused_why: "La billetterie les a refusés, pour la raison donnée. Corrigez-en la cause, puis renvoyez-les depuis la page « En attente ».",
        "Ticketing refused them, for the reason given. Cure it, then send them again from the page “Waiting”.";
    disputed_why: "Ces visiteurs sont entrés sans que le pass soit vérifié, et Otipass dit après coup qu’il aurait refusé. Les entrées sont vendues comme les autres ; le relevé de compte les montre à part.",
        "These visitors came in unverified, and Otipass says afterwards that it would have refused. The entries are sold like any other; the account statement shows them apart.";
    cancelled: "Entrées annulées", "Cancelled entries";
    cancelled_why: "Annulées par un agent, ou par un appareil qui a renvoyé le visiteur. Ce qui était vendu est repris sur le compte.",
        "Taken back by an agent, or by a device that turned the visitor away. What was sold is taken back on the account.";
    cancelling_why: "La billetterie l’apprend d’elle-même, après le code de contrôle.",
        "Ticketing hears of it by itself, after the control barcode.";
    not_cancelled: "Annulations refusées par la billetterie", "Cancellations refused by ticketing";
    ready: "Prêtes à être vendues", "Ready to be sold";
    ready_why: "Le prochain passage des ventes externes les vend.", "The next external sales run sells them.";
    came: "Arrivé", "Arrived";
    reason: "Raison", "Reason";
    by_agent: "annulée par l’agent", "taken back by the agent";
    by_door: "visiteur renvoyé par l’appareil", "visitor turned away by the device";
    removed: "numéro effacé", "number removed";
    none: "Il n’y en a plus.", "There are no more of these.";
});

/// Which list; its word stands in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Explained(Explained),
    Unsold(Unsold),
}

impl List {
    fn named(word: &str) -> Option<Self> {
        Some(Self::Explained(match word {
            "in_flight" => Explained::InFlight,
            "refused" => Explained::Refused,
            "disputed" => Explained::Disputed,
            "cancelled" => Explained::Cancelled,
            "cancellations_in_flight" => Explained::CancellationInFlight,
            "cancellations_refused" => Explained::CancellationRefused,
            "ready" => return Some(Self::Unsold(Unsold::Ready)),
            reason => {
                let reason = reason.parse::<HeldReason>().ok()?;
                return Some(Self::Unsold(Unsold::Held(reason)));
            }
        }))
    }

    /// Its title, and what there is to know or to do.
    fn words(self, t: &'static Texts, formats: &Formats) -> (&'static str, &'static str) {
        match self {
            Self::Explained(Explained::InFlight) => (t.to_ticketing, t.in_flight_why),
            Self::Explained(Explained::Refused) => (t.refused, t.refused_why),
            Self::Explained(Explained::Disputed) => (t.disputed, t.disputed_why),
            Self::Explained(Explained::Cancelled) => (t.cancelled, t.cancelled_why),
            Self::Explained(Explained::CancellationInFlight) => (t.cancelling, t.cancelling_why),
            Self::Explained(Explained::CancellationRefused) => (t.not_cancelled, t.refused_why),
            Self::Unsold(Unsold::Ready) => (t.ready, t.ready_why),
            Self::Unsold(Unsold::Held(reason)) => {
                (reason.name(formats.language), reason.cure(formats.language))
            }
        }
    }
}

struct Line {
    link: Option<String>,
    time: String,
    day: String,
    pass: String,
    device: String,
    sector: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "queue_list.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    title: &'static str,
    why: &'static str,
    place: Option<Address>,
    moment: &'static str,
    detail: &'static str,
    lines: Vec<Line>,
    pager: Pager,
}

/// A line that the page shows, and its key.
type Keyed = (i64, Line);

impl Page {
    fn new(
        frame: Frame,
        list: List,
        word: &str,
        present: Option<i64>,
        mut found: Vec<Keyed>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let (title, why) = list.words(t, &frame.formats);
        let next = cut(&mut found, ROWS as usize).map(|(key, _)| *key);
        let path = access::QUEUE_LIST.of(word);
        Self {
            title,
            why,
            place: match list {
                List::Unsold(Unsold::Held(reason)) => {
                    Some(held::place(reason)).filter(|place| frame.may_look(place))
                }
                _ => None,
            },
            moment: match list {
                List::Explained(_) => t.scanned,
                List::Unsold(_) => t.came,
            },
            detail: match list {
                List::Explained(_) => t.reason,
                List::Unsold(_) => t.season_product,
            },
            lines: found.into_iter().map(|(_, line)| line).collect(),
            pager: Pager::new(&frame, &path, &[], present, next),
            t,
            frame,
        }
    }
}

/// As much of a line as its check says.
fn line(formats: &Formats, at: Timestamp, check: Option<&CheckLine>, detail: String) -> Line {
    let t = Texts::of(formats.language);
    let known = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let card = check.and_then(|check| check.card.as_ref());
    Line {
        link: check.map(|check| access::CHECK.of(check.id)),
        time: formats.time(at),
        day: formats.day(formats.zone.business_day(at)),
        pass: card.map_or_else(|| t.removed.to_owned(), ToString::to_string),
        device: known(check.map(|check| check.device.to_string())),
        sector: known(check.and_then(|check| Some(check.sector.as_ref()?.to_string()))),
        detail,
    }
}

fn of_explained(formats: &Formats, of: Explained, found: &ExplainedLine) -> Keyed {
    let t = Texts::of(formats.language);
    let said = found.why.clone().unwrap_or_default();
    let detail = match (of, said.as_str()) {
        (Explained::Disputed, word) => match word.parse::<Decision>() {
            Ok(decision) => outcome::name(decision, formats.language).to_owned(),
            Err(_) => said,
        },
        (Explained::Cancelled | Explained::CancellationInFlight, "agent") => t.by_agent.to_owned(),
        (Explained::Cancelled | Explained::CancellationInFlight, "turned_away") => {
            t.by_door.to_owned()
        }
        _ => said,
    };
    let check = &found.check;
    (
        found.seq,
        line(formats, check.scanned_at, Some(check), detail),
    )
}

fn of_unsold(formats: &Formats, found: &UnsoldLine, check: Option<&CheckLine>) -> Keyed {
    let detail = format!("{}, {}", found.season, found.product);
    let mut line = line(formats, found.received_at, check, detail);
    if check.is_none() {
        // It shows neither card nor time of the scan.
        line.pass = found.barcode.to_string();
    }
    (found.id, line)
}

async fn find(visit: &Visit, list: List, before: Option<i64>) -> Result<Vec<Keyed>, PageError> {
    let office = &visit.office;
    let formats = visit.frame().formats;
    Ok(match list {
        List::Explained(of) if office.gate.is_some() => {
            let found = explained::list(&office.db, of, before, ROWS + 1).await?;
            found
                .iter()
                .map(|found| of_explained(&formats, of, found))
                .collect()
        }
        List::Unsold(of) if office.box_office.is_some() => {
            let found = unsold::list(&office.db, of, before, ROWS + 1).await?;
            let barcodes = found.iter().map(|found| found.barcode.clone()).collect();
            // The gate's books are here only if the gate is.
            let checks = match office.gate {
                Some(_) => explained::of_barcodes(&office.db, barcodes).await?,
                None => Default::default(),
            };
            found
                .iter()
                .map(|found| of_unsold(&formats, found, checks.get(&found.barcode)))
                .collect()
        }
        List::Explained(_) | List::Unsold(_) => Vec::new(),
    })
}

fn before(query: &Entered) -> Option<i64> {
    query.some("before").and_then(|number| number.parse().ok())
}

pub(crate) async fn show(visit: Visit, Path(word): Path<String>, Query(query): Query) -> Answer {
    let list = List::named(&word).ok_or(PageError::NotFound)?;
    let present = before(&query);
    let found = find(&visit, list, present).await?;
    visit.page(&Page::new(visit.frame(), list, &word, present, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_list_and_nothing_else_has() {
        for reason in HeldReason::ALL {
            let list = List::named(reason.as_str());
            assert_eq!(list, Some(List::Unsold(Unsold::Held(reason))));
        }
        for word in ["", "held", "Refused", "../x", "sold"] {
            assert_eq!(List::named(word), None, "{word}");
        }
    }
}
