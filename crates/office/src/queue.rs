//! What waits and cannot go on by itself: why, since when, and what to do; and
//! the buttons that try again.

pub(crate) mod list;
#[cfg(test)]
pub(crate) mod sample;

use super::acts;
use super::held;
use super::selling::{Said, sell};
use crate::page::*;
use boxoffice::unsold::{self, Held};
use gate::Waiting;
use gate::outbox::trouble::{self, Stopped, Trouble};
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
    stopped: "Ce que la billetterie ne prend pas en ce moment", "What ticketing takes none of at present";
    stopped_why: "Rien n’en est écarté : tout attend et repart de soi-même une fois la cause corrigée. Nous réessayons de loin en loin.",
        "None of it is set aside: all of it waits, and goes by itself once the cause is cured. We try again now and then.";
    stopped_since: "Depuis", "Since";
    tried: "Nouvel essai en cours. La billetterie répond d’ordinaire en quelques secondes : rechargez la page.",
        "Trying again now. Ticketing mostly answers within seconds: load the page again.";
    line: "Aucun appel", "No call at all";
    try_stopped: "Réessayer l’envoi", "Try to send again";
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
    stopped: Vec<Trouble>,
    on_the_way: Option<Waiting>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Page {
    said: Option<Said>,
    queue: Queue,
    frame: Frame,
}

async fn page(visit: &Visit, said: Option<Said>) -> Answer {
    let (queue, frame) = (read(visit).await?, visit.frame());
    visit.page(&Page { said, queue, frame })
}

async fn read(visit: &Visit) -> Result<Queue, PageError> {
    let office = &visit.office;
    let mut queue = Queue::default();
    if let Some(gate) = &office.gate {
        queue.refused = Some(refusals(&office.db).await?);
        queue.stopped = trouble::list(&office.db).await?;
        queue.on_the_way = Some(gate.outbox.waiting().await?);
    }
    if let Some(box_office) = &office.box_office {
        queue.held = Some(unsold::held(&office.db).await?);
        queue.ready = box_office.waiting().await?.ready;
    }
    Ok(queue)
}

pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, None).await
}

pub(crate) async fn try_again(visit: Visit) -> Answer {
    let said = sell(&visit).await?;
    page(&visit, Some(said)).await
}

pub(crate) async fn send_again(visit: Visit) -> Answer {
    let gate = visit.gate()?;
    let count = acts::send_again(&visit.author()?).await?;
    gate.outbox.try_again_now();
    let n = visit.frame().formats.count(count);
    let t = Texts::of(visit.language);
    let sent = match count {
        0 => t.tried.to_owned(),
        _ => fill(t.sent, &[("n", &n)]),
    };
    page(&visit, Some(("good", sent))).await
}
