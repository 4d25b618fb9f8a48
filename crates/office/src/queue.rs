//! What waits and cannot go on by itself: why, since when, and what to do; and
//! the buttons that try again.

pub(crate) mod list;
#[cfg(test)]
pub(crate) mod sample;

use super::acts;
use super::held;
use super::selling::{Said, sell};
use crate::page::{Address, Answer, Frame, PageError, Template, Visit, access, fill};
use boxoffice::unsold::{self, Held};
use gate::Waiting;
use gate::records::explained::{Refusals, refusals};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    why: "Ce qui ne peut pas avancer tout seul, pourquoi, et ce qu’il faut faire. Rien n’est jamais perdu.",
        "What cannot go on by itself, why, and what to do. Nothing is ever lost.";
    nothing: "Rien n’attend de remède.", "Nothing waits for a cure.";
    held: "Entrées qui ne peuvent pas être vendues", "Entries that cannot be sold";
    none_held: "Toutes les entrées arrivées à la billetterie peuvent être vendues.",
        "All entries that reached ticketing can be sold.";
    since: "La plus ancienne", "The oldest";
    try_again: "Réessayer maintenant", "Try again now";
    try_hint: "Regarde à nouveau toutes ces entrées et vend ce qui est devenu prêt.",
        "Looks at all of these again, and sells what has become ready.";
    refused: "Ce que la billetterie a refusé", "What ticketing has refused";
    none_refused: "La billetterie n’a rien refusé.", "Ticketing has refused nothing.";
    refused_cure: "Lisez ses raisons, corrigez-en la cause chez elle ou ici, puis renvoyez.",
        "Read its reasons, cure the cause there or here, then send again.";
    barcodes: "Codes de contrôle refusés", "Control barcodes refused";
    cancellations: "Annulations refusées", "Cancellations refused";
    send_again: "Renvoyer", "Send again";
    sent: "Renvoyés à la billetterie : {n}. Elle répond d’ordinaire en quelques secondes : rechargez la page.",
        "Sent to ticketing again: {n}. It mostly answers within seconds: load the page again.";
    on_the_way: "En route, sans que vous ayez rien à faire", "On their way, with nothing for you to do";
    deliveries: "Codes en route vers la billetterie", "Barcodes on their way to ticketing";
    declarations: "Entrées à déclarer à Otipass", "Entries to be declared to Otipass";
    give_backs: "Entrées qu’Otipass doit rendre", "Entries that Otipass is to give back";
    unresolved: "Contrôles sans décision", "Checks without a decision";
    ready: "Prêtes, vendues au prochain passage", "Ready, sold by the next run";
});

/// What the page shows.
#[derive(Debug, Clone, Default)]
struct Queue {
    held: Option<Vec<Held>>,
    ready: i64,
    refused: Option<Refusals>,
    on_the_way: Option<Waiting>,
}

struct HeldLine {
    name: &'static str,
    list: String,
    count: String,
    since: String,
    cure: &'static str,
    place: Address,
}

/// A number with what it counts, and the list of these.
struct Count {
    label: &'static str,
    number: String,
    list: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    said: Option<Said>,
    has_box_office: bool,
    has_gate: bool,
    held: Vec<HeldLine>,
    refused: Vec<Count>,
    on_the_way: Vec<Count>,
}

impl Page {
    fn new(frame: Frame, queue: &Queue, said: Option<Said>) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let count = |label, number, list: Option<_>| Count {
            label,
            number: formats.number(number),
            list: list.filter(|_| number > 0),
        };
        let refused = queue.refused.unwrap_or_default();
        let refused = [
            (t.barcodes, refused.barcodes, "refused"),
            (
                t.cancellations,
                refused.cancellations,
                "cancellations_refused",
            ),
        ];
        let mut on_the_way = Vec::new();
        if let Some(waiting) = &queue.on_the_way {
            on_the_way.extend([
                count(t.deliveries, waiting.deliveries, Some("in_flight")),
                count(
                    t.cancelling,
                    waiting.cancellations,
                    Some("cancellations_in_flight"),
                ),
                count(t.declarations, waiting.declarations, None),
                count(t.give_backs, waiting.give_backs, None),
                count(t.unresolved, waiting.unresolved, None),
            ]);
        }
        if queue.held.is_some() {
            on_the_way.push(count(t.ready, queue.ready, Some("ready")));
        }
        Self {
            said,
            has_box_office: queue.held.is_some(),
            has_gate: queue.refused.is_some(),
            held: queue
                .held
                .iter()
                .flatten()
                .map(|held| HeldLine {
                    name: held.reason.name(formats.language),
                    list: access::QUEUE_LIST.of(held.reason),
                    count: formats.number(held.count),
                    since: formats.moment(held.since),
                    cure: held.reason.cure(formats.language),
                    place: held::place(held.reason),
                })
                .collect(),
            refused: refused
                .into_iter()
                .filter(|(_, number, _)| *number > 0)
                .map(|(label, number, list)| count(label, number, Some(list)))
                .collect(),
            on_the_way,
            t,
            frame,
        }
    }
}

async fn read(visit: &Visit) -> Result<Queue, PageError> {
    let office = &visit.office;
    let mut queue = Queue::default();
    if let Some(gate) = &office.gate {
        queue.refused = Some(refusals(&office.db).await?);
        queue.on_the_way = Some(gate.outbox.waiting().await?);
    }
    if let Some(box_office) = &office.box_office {
        queue.held = Some(unsold::held(&office.db).await?);
        queue.ready = box_office.waiting().await?.ready;
    }
    Ok(queue)
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let queue = read(&visit).await?;
    visit.page(&Page::new(visit.frame(), &queue, None))
}

pub(crate) async fn try_again(visit: Visit) -> Answer {
    let said = sell(&visit).await?;
    let queue = read(&visit).await?;
    visit.page(&Page::new(visit.frame(), &queue, Some(said)))
}

pub(crate) async fn send_again(visit: Visit) -> Answer {
    let office = &visit.office;
    let Some(gate) = &office.gate else {
        return Err(PageError::NotFound);
    };
    let count = acts::send_again(&visit.author()?).await?;
    gate.outbox.due().deliveries.notify_one();
    let frame = visit.frame();
    let n = frame.formats.count(count);
    let said = Said::good(fill(Texts::of(visit.language).sent, &[("n", &n)]));
    let queue = read(&visit).await?;
    visit.page(&Page::new(frame, &queue, Some(said)))
}
