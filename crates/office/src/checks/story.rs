//! One check from scan to order: each moment that is known, in its order.

#[cfg(test)]
pub(crate) mod sample;

use super::class;
use crate::outcome;
use crate::page::{
    Answer, Formats, Frame, Input, Mistakes, PageError, Path, Template, Visit, access, fill,
};
use askama::filters::HtmlSafe;
use boxoffice::history::History as Sales;
use boxoffice::pending_account::LineKind;
use gate::records::history::{History, history};
use kernel::{CheckId, Timestamp};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Un contrôle", "One check";
    facts: "Le contrôle", "The check";
    id: "Identifiant", "Id";
    card_gone: "effacée le {at}", "removed on {at}";
    card_none: "aucune carte reconnue", "no card recognised";
    mode: "Décidé", "Decided";
    online: "en ligne, par le service", "online, by the service";
    offline: "hors ligne, par l’appareil", "offline, by the device";
    day: "Compte pour le", "Counts for";
    note: "Note de l’agent", "The agent’s note";
    valid_until: "Valable jusqu’au", "Valid until";
    entries_left: "Entrées restantes", "Entries left";
    barcode: "Code de contrôle", "Control barcode";
    ticket: "Billet", "Ticket";
    ticket_is: "n° {n}, tarif {tariff}, {price} dont TVA {vat}", "no. {n}, tariff {tariff}, {price} of which VAT {vat}";
    follows: "Suit un refus", "Follows a refusal";
    followed: "Remplacé par", "Replaced by";
    door_admitted: "L’appareil a laissé entrer une personne que le service ne reconnaît pas : rien n’a été vendu.",
        "The device let someone in whom the service does not recognise: nothing was sold.";
    settle: "Régler à la main", "Settle by hand";
    settle_why: "Voyez ce qui a changé depuis dans le site ou la correspondance, faites ce qu’il faut (par exemple vendre l’entrée à la caisse), puis notez-le. Le rapprochement n’en parlera plus.",
        "See what has changed since in site or mapping, do what is needed (such as selling the entry at the desk), then note it. The reconciliation speaks of it no more.";
    settle_note: "Ce qui a été fait", "What was done";
    settle_hint: "500 caractères au plus, sans numéro de carte. La note reste avec le contrôle.",
        "500 characters at most, without a card number. The note stays with the check.";
    settled: "Réglé à la main", "Settled by hand";
    settled_by: "{note} ({name})", "{note} ({name})";
    way: "De la lecture à la commande", "From scan to order";
    when: "Moment", "Moment";
    detail: "Détail", "Detail";
    pending: "à venir", "yet to come";
    scanned: "Scanné par l’appareil", "Scanned by the device";
    arrived: "Arrivé au service, intention notée", "Reached the service, intent noted";
    decided: "Décidé et enregistré", "Decided and recorded";
    controlled: "Code de contrôle daté", "Control barcode dated";
    delivered: "Remis à la billetterie", "Handed to ticketing";
    refused: "Refusé par la billetterie : {why}", "Refused by ticketing: {why}";
    staged: "Pris par la billetterie", "Taken by ticketing";
    held: "en attente : {why}", "held: {why}";
    file: "Fichier STX écrit", "STX_File written";
    imported: "Fichier STX importé", "STX_File imported";
    ordered: "Commande créée", "Order made";
    sale: "Vente portée au compte", "Sale booked on the account";
    counter_sale: "Vente reprise sur le compte", "Sale taken back on the account";
    declared: "Déclaré à Otipass", "Declared to Otipass";
    attempts: "Essais : {n} ; prochain le {at}", "Attempts: {n}; next on {at}";
    disputed: "contesté : {why}", "disputed: {why}";
    cancelled: "Entrée annulée", "Entry cancelled";
    cancel_heard: "Annulation reçue", "Cancellation received";
    cancel_delivered: "Annulation remise à la billetterie", "Cancellation handed to ticketing";
    cancel_staged: "Annulation prise par la billetterie", "Cancellation taken by ticketing";
    given_back: "Entrée rendue par Otipass", "Entry given back by Otipass";
});

/// A step of the way; without a moment it is yet to come.
struct Step {
    at: Option<Timestamp>,
    when: String,
    what: String,
    detail: String,
    bad: bool,
}

/// The way of one check as a table; a template shows it by `{{ way }}`.
#[derive(Template)]
#[template(path = "check_way.html")]
pub(crate) struct Way {
    t: &'static Texts,
    steps: Vec<Step>,
}

impl HtmlSafe for Way {}

impl Way {
    pub(crate) fn of(formats: &Formats, gate: &History, sales: &Sales) -> Self {
        let t = Texts::of(formats.language);
        Self {
            t,
            steps: steps(t, formats, gate, sales),
        }
    }
}

#[derive(Template)]
#[template(path = "check.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    outcome: &'static str,
    class: &'static str,
    alarm: Option<&'static str>,
    /// What can be noted about it, and where that goes.
    settle: Option<(Input, String)>,
    mistakes: Mistakes,
    facts: Vec<(&'static str, String)>,
    related: Vec<(&'static str, String)>,
    way: Way,
}

impl Page {
    fn new(frame: Frame, gate: &History, sales: &Sales, entered: &str, mistakes: Mistakes) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let is_open = gate.door_admitted && gate.settlement.is_none();
        let may_settle = frame.may_act(access::SETTLE);
        let note = || {
            let note = Input::text("note", t.settle_note, entered).hint(t.settle_hint);
            let path = access::SETTLE.of(gate.check.id);
            (note.with(&mistakes), path)
        };
        let related = [(t.follows, gate.follows), (t.followed, gate.followed_by)];
        Self {
            outcome: outcome::name(gate.check.decision, formats.language),
            class: class(gate.check.decision),
            alarm: is_open.then_some(t.door_admitted),
            settle: (is_open && may_settle).then(note),
            facts: facts(t, formats, gate, sales),
            related: related
                .into_iter()
                .filter_map(|(label, id)| Some((label, id?.to_string())))
                .collect(),
            way: Way::of(formats, gate, sales),
            mistakes,
            t,
            frame,
        }
    }
}

fn facts(
    t: &'static Texts,
    formats: &Formats,
    gate: &History,
    sales: &Sales,
) -> Vec<(&'static str, String)> {
    let check = &gate.check;
    let card = match (&check.card, gate.card_removed_at) {
        (_, Some(at)) => fill(t.card_gone, &[("at", &formats.moment(at))]),
        (Some(card), None) => card.to_string(),
        (None, None) => t.card_none.to_owned(),
    };
    let mode = match check.mode {
        gate::Mode::Online => t.online,
        gate::Mode::Offline => t.offline,
    };
    let direction = match check.direction {
        gate::Direction::Entry => t.entry,
        gate::Direction::Exit => t.exit,
    };
    let mut facts = vec![
        (t.id, check.id.to_string()),
        (t.pass, card),
        (t.device, check.device.to_string()),
        (t.mode, mode.to_owned()),
        (t.direction, direction.to_owned()),
        (t.day, formats.day(gate.business_day)),
    ];
    let mut fact = |label, value: Option<String>| {
        facts.extend(value.map(|value| (label, value)));
    };
    fact(t.sector, check.sector.as_ref().map(ToString::to_string));
    fact(t.note, gate.forced_note.clone());
    fact(t.valid_until, gate.valid_until.clone());
    fact(t.entries_left, gate.entries_left.clone());
    if let Some(barcode) = &gate.barcode {
        fact(t.barcode, Some(barcode.barcode.to_string()));
        let product = format!("{}, {}", barcode.season, barcode.product);
        fact(t.season_product, Some(product));
    }
    if let Some(sale) = &sales.sale {
        let values = [
            ("n", sale.ticket.to_string()),
            ("tariff", sale.tariff.to_string()),
            ("price", formats.money(sale.price)),
            ("vat", formats.money(sale.vat)),
        ];
        let values = values
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        fact(t.ticket, Some(fill(t.ticket_is, &values)));
        fact(t.order, Some(sale.order.to_string()));
    }
    facts
}

/// The way, in the order of its moments; what is yet to come stands last.
fn steps(t: &Texts, formats: &Formats, gate: &History, sales: &Sales) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut step = |at: Option<Timestamp>, what: &str, detail: String, bad: bool| {
        steps.push(Step {
            when: at.map_or_else(|| t.pending.to_owned(), |at| exact(formats, at)),
            at,
            what: what.to_owned(),
            detail,
            bad,
        });
    };
    let none = String::new;
    let why = |text: &str, why: &str| fill(text, &[("why", why)]);
    let tried = |n: i64, at: Timestamp| {
        let values = [("n", formats.number(n)), ("at", exact(formats, at))];
        fill(
            t.attempts,
            &values.each_ref().map(|(k, v)| (*k, v.as_str())),
        )
    };
    let check = &gate.check;
    step(
        Some(check.scanned_at),
        t.scanned,
        check.device.to_string(),
        false,
    );
    step(Some(check.arrived_at), t.arrived, none(), false);
    let decision = outcome::name(check.decision, formats.language);
    step(
        Some(check.decided_at),
        t.decided,
        decision.to_owned(),
        false,
    );
    if let Some(barcode) = &gate.barcode {
        step(
            Some(barcode.controlled_at),
            t.controlled,
            barcode.barcode.to_string(),
            false,
        );
        match &barcode.refused {
            Some(said) => step(barcode.delivered_at, &why(t.refused, said), none(), true),
            None => step(barcode.delivered_at, t.delivered, none(), false),
        }
    }
    if let Some(staged) = &sales.staged {
        let held = staged.state.held();
        let detail = held.map(|reason| why(t.held, reason.name(formats.language)));
        let detail = detail.unwrap_or_default();
        step(Some(staged.received_at), t.staged, detail, held.is_some());
        if let Some(at) = staged.cancelled_at {
            step(Some(at), t.cancel_staged, none(), false);
        }
    }
    if let Some(sale) = &sales.sale {
        step(Some(sale.file_created_at), t.file, sale.file.clone(), false);
        step(sale.file_imported_at, t.imported, sale.file.clone(), false);
        step(
            Some(sale.order_created_at),
            t.ordered,
            sale.order.to_string(),
            false,
        );
    }
    for line in &sales.lines {
        let what = if line.kind == LineKind::Sale {
            t.sale
        } else {
            t.counter_sale
        };
        let detail = format!(
            "{}, {}",
            formats.money(line.amount),
            formats.day(line.business_day)
        );
        step(Some(line.booked_at), what, detail, false);
    }
    if let Some(declaration) = &gate.declaration {
        let (detail, bad) = match (&declaration.disputed, declaration.declared_at) {
            (Some(said), _) => (why(t.disputed, said), true),
            (None, None) => (tried(declaration.attempts, declaration.due_at), false),
            (None, Some(_)) => (none(), false),
        };
        step(declaration.declared_at, t.declared, detail, bad);
    }
    if let Some(cancellation) = &gate.cancellation {
        step(
            Some(cancellation.cancelled_at),
            t.cancelled,
            cancellation.cause.clone(),
            false,
        );
        step(Some(cancellation.arrived_at), t.cancel_heard, none(), false);
        match &cancellation.refused {
            Some(said) => step(
                cancellation.delivered_at,
                &why(t.refused, said),
                none(),
                true,
            ),
            None => step(cancellation.delivered_at, t.cancel_delivered, none(), false),
        }
    }
    if let Some(settlement) = &gate.settlement {
        let values = [("note", settlement.note.as_str()), ("name", &settlement.by)];
        let detail = fill(t.settled_by, &values);
        step(Some(settlement.at), t.settled, detail, false);
    }
    if let Some(give_back) = &gate.give_back {
        let detail = match give_back.told_at {
            None => tried(give_back.attempts, give_back.due_at),
            Some(_) => none(),
        };
        step(give_back.told_at, t.given_back, detail, false);
    }
    steps.sort_by_key(|step| (step.at.is_none(), step.at));
    steps
}

/// Day and time to the millisecond.
fn exact(formats: &Formats, at: Timestamp) -> String {
    let day = formats.day(formats.zone.business_day(at));
    let ms = at.millis().rem_euclid(1_000);
    format!("{day}, {}.{ms:03}", formats.time(at))
}

/// A check with all that gate and box office of this process made of it.
///
/// # Errors
/// [`PageError::NotFound`] if there is no gate here, or no such check.
pub(crate) async fn told(visit: &Visit, id: &str) -> Result<(History, Sales), PageError> {
    let id: CheckId = id.parse().map_err(|_| PageError::NotFound)?;
    if visit.office.gate.is_none() {
        return Err(PageError::NotFound);
    }
    let db = &visit.office.db;
    let gate = history(db, id).await?.ok_or(PageError::NotFound)?;
    let sales = match &gate.barcode {
        Some(barcode) if visit.office.box_office.is_some() => {
            boxoffice::history::history(db, barcode.barcode.clone()).await?
        }
        _ => Sales::default(),
    };
    Ok((gate, sales))
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let page = page(&visit, &id, "", Mistakes::default()).await?;
    visit.page(&page)
}

/// The page of a check, with what is wrong with a note on it.
pub(super) async fn page(
    visit: &Visit,
    id: &str,
    note: &str,
    mistakes: Mistakes,
) -> Result<impl Template, PageError> {
    let (gate, sales) = told(visit, id).await?;
    Ok(Page::new(visit.frame(), &gate, &sales, note, mistakes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;
    use staff::Role;

    #[test]
    fn a_sold_check_is_told_up_to_its_order() {
        let pages = sample::samples(&Frame::sample(Language::En, Some(Role::Support)));
        for told in [
            "Handed to ticketing",
            "STX_File imported",
            "OTI-1",
            "Sale booked",
        ] {
            assert!(pages[0].contains(told), "{told}");
        }
        // Neither the card's number nor the barcode stands there whole.
        assert!(pages.iter().all(|page| !page.contains("00029975")));
    }
}
