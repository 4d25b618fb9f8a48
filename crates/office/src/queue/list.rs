//! The checks behind one number of the books: page by page, the latest first,
//! each with its story.

#[cfg(test)]
pub(crate) mod sample;

use crate::held;
use crate::page::*;
use boxoffice::HeldReason;
use boxoffice::unsold::{self, Unsold, UnsoldLine};
use gate::records::explained::{self, Explained, ExplainedLine};
use gate::records::history::CheckLine;

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
    cancelled_why: "Annulées par un agent, ou par un appareil qui a renvoyé le visiteur. Ce qui était vendu est repris sur le compte.",
        "Taken back by an agent, or by a device that turned the visitor away. What was sold is taken back on the account.";
    cancelling_why: "La billetterie l’apprend d’elle-même, après le code de contrôle.",
        "Ticketing hears of it by itself, after the control barcode.";
    not_cancelled: "Annulations refusées par la billetterie", "Cancellations refused by ticketing";
    ready: "Prêtes à être vendues", "Ready to be sold";
    ready_why: "Le prochain passage des ventes externes les vend.", "The next external sales run sells them.";
    not_told: "la billetterie n’a pas de mot pour une entrée annulée (cancelled_word est vide) : reprenez la vente chez elle",
        "ticketing has no word for a cancelled entry (cancelled_word is empty): take the sale back there";
    came: "Arrivé", "Arrived";
    reason: "Raison", "Reason";
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
            Self::Explained(Explained::Cancelled) => (t.cancelled_entries, t.cancelled_why),
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
    key: i64,
    at: Timestamp,
    check: Option<CheckLine>,
    /// What stands for the pass, if its number is known.
    pass: Option<String>,
    detail: String,
}

#[derive(Template)]
#[template(path = "queue_list.html")]
struct Page {
    list: List,
    title: &'static str,
    why: &'static str,
    lines: Vec<Line>,
    names: SiteNames,
    pager: Pager,
    frame: Frame,
}

impl Page {
    fn new(
        frame: Frame,
        list: List,
        word: &str,
        present: Option<i64>,
        mut lines: Vec<Line>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let (title, why) = list.words(t, &frame.formats);
        let next = cut(&mut lines, ROWS as usize).map(|line| line.key);
        let path = access::QUEUE_LIST.of(word);
        Self {
            list,
            title,
            why,
            lines,
            names: SiteNames::default(),
            pager: Pager::new(&frame, &path, &[], present, next),
            frame,
        }
    }

    /// Where what holds these is cured, for those who may look at it.
    fn place(&self) -> Option<Address> {
        let List::Unsold(Unsold::Held(reason)) = self.list else {
            return None;
        };
        Some(held::place(reason)).filter(|place| self.frame.may_look(place))
    }
}

fn of_explained(formats: &Formats, of: Explained, found: ExplainedLine) -> Line {
    let t = Texts::of(formats.language);
    let said = found.why.unwrap_or_default();
    let detail = match (of, said.as_str()) {
        (Explained::CancellationRefused, gate::NOT_TOLD) => t.not_told.to_owned(),
        (Explained::CancellationRefused | Explained::Refused, _) => said,
        (_, word) => outcome::told(word, formats.language).to_owned(),
    };
    Line {
        key: found.seq,
        at: found.check.scanned_at,
        pass: found.check.card.as_ref().map(ToString::to_string),
        check: Some(found.check),
        detail,
    }
}

fn of_unsold(found: UnsoldLine, check: Option<CheckLine>) -> Line {
    Line {
        key: found.id,
        at: found.received_at,
        pass: match &check {
            Some(check) => check.card.as_ref().map(ToString::to_string),
            // It shows neither card nor time of the scan.
            None => Some(found.barcode.to_string()),
        },
        check,
        detail: format!("{}, {}", found.season, found.product),
    }
}

async fn find(visit: &Visit, list: List, before: Option<i64>) -> Result<Vec<Line>, PageError> {
    let (office, db) = (&visit.office, visit.db());
    let formats = visit.frame().formats;
    Ok(match list {
        List::Explained(of) if office.gate.is_some() => {
            let found = explained::list(db, of, before, ROWS + 1).await?.into_iter();
            found
                .map(|found| of_explained(&formats, of, found))
                .collect()
        }
        List::Unsold(of) if office.box_office.is_some() => {
            let found = unsold::list(db, of, before, ROWS + 1).await?;
            let barcodes = found.iter().map(|found| found.barcode.clone()).collect();
            // The gate's books are here only if the gate is.
            let mut checks = match office.gate {
                Some(_) => explained::of_barcodes(db, barcodes).await?,
                None => Default::default(),
            };
            let mut line = |found: UnsoldLine| {
                let check = checks.remove(&found.barcode);
                of_unsold(found, check)
            };
            found.into_iter().map(&mut line).collect()
        }
        List::Explained(_) | List::Unsold(_) => Vec::new(),
    })
}

pub(crate) async fn show(visit: Visit, Path(word): Path<String>, Query(query): Query) -> Answer {
    let list = List::named(&word).ok_or(PageError::NotFound)?;
    let present = query.read("before");
    let found = find(&visit, list, present).await?;
    visit.page(&Page {
        names: SiteNames::read(visit.db()).await?,
        ..Page::new(visit.frame(), list, &word, present, found)
    })
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
