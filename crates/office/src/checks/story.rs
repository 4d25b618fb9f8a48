//! One check from scan to order: each moment that is known, in its order.

#[cfg(test)]
pub(crate) mod sample;

use super::Links;
use crate::page::*;
use boxoffice::history::History as Sales;
use boxoffice::pending_account::LineKind;
use gate::Direction;
use gate::records::history::{History, history};
use std::fmt::Display;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Contrôle du {at}", "Check of {at}";
    id: "Identifiant", "Id";
    card_gone: "effacée le {at}", "removed on {at}";
    card_none: "aucune carte reconnue", "no card recognised";
    mode: "Décidé", "Decided";
    online_by: "en ligne, par le service", "online, by the service";
    offline_by: "hors ligne, par l’appareil", "offline, by the device";
    day: "Compte pour le", "Counts for";
    note: "Note de l’agent", "The agent’s note";
    valid_until: "Valable jusqu’au", "Valid until";
    entries_left: "Entrées restantes", "Entries left";
    unlimited: "illimitées", "unlimited";
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
    estimated: "(heure estimée, l’horloge de l’appareil montrait {clock})", "(an estimate; the device’s clock showed {clock})";
    clock_off: "(l’horloge de l’appareil montrait {clock})", "(the device’s clock showed {clock})";
    repeats: "Même carte, même endroit, peu avant ou après", "Same card, same place, shortly before or after";
    arrived: "Arrivé au service, intention notée", "Reached the service, intent noted";
    decided: "Décidé et enregistré", "Decided and recorded";
    controlled: "Code de contrôle daté", "Control barcode dated";
    delivered: "Confirmé par la billetterie", "Confirmed by ticketing";
    refused: "Refusé par la billetterie : {why}", "Refused by ticketing: {why}";
    staged: "Arrivé à la billetterie", "Arrived at ticketing";
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
    cancel_delivered: "Annulation confirmée par la billetterie", "Cancellation confirmed by ticketing";
    cancel_staged: "Annulation arrivée à la billetterie", "Cancellation arrived at ticketing";
    given_back: "Entrée rendue par Otipass", "Entry given back by Otipass";
});

/// A step of the way; without a moment it is yet to come.
struct Step {
    at: Option<Timestamp>,
    what: String,
    detail: String,
    bad: bool,
}

/// The way of one check as a table; a template shows it by `{{ way }}`.
#[derive(Template)]
#[template(path = "check_way.html")]
pub(crate) struct Way {
    formats: Formats,
    steps: Vec<Step>,
}

impl HtmlSafe for Way {}

#[derive(Template)]
#[template(path = "check.html")]
struct Page {
    gate: History,
    sales: Sales,
    names: SiteNames,
    links: Links,
    title: String,
    way: Way,
    note: Vec<Input>,
    frame: Frame,
}

/// A day that Otipass named, as people write it; what is no day as it came.
fn day(formats: &Formats, text: &str) -> String {
    text.parse()
        .map_or_else(|_| text.to_owned(), |day| formats.day(day))
}

impl Page {
    fn new(frame: Frame, names: SiteNames, links: Links, (gate, sales): (History, Sales)) -> Self {
        let t = Texts::of(frame.formats.language);
        let at = frame.formats.moment(gate.check.scanned_at);
        Self {
            title: fill(t.title, &[("at", &at)]),
            note: frame.filled([Input::text("note", t.settle_note, "").hint(t.settle_hint)]),
            way: Way::of(&frame.formats, &gate, &sales),
            gate,
            sales,
            names,
            links,
            frame,
        }
    }
}

impl Way {
    /// The way, in the order of its moments; what is yet to come stands last.
    pub(crate) fn of(formats: &Formats, gate: &History, sales: &Sales) -> Self {
        let t = Texts::of(formats.language);
        let mut way = Self {
            formats: formats.clone(),
            steps: Vec::new(),
        };
        let tried = |n: i64, at: Timestamp| {
            let at = formats.exact(at);
            fill(t.attempts, &[("n", &formats.number(n)), ("at", &at)])
        };
        let check = &gate.check;
        let shown = i64::abs(gate.device_time.millis() - check.scanned_at.millis());
        let scanned = match (gate.is_estimated, shown > gate::CLOCK_TOLERANCE_MS) {
            (true, _) => fill(t.estimated, &[("clock", &gate.device_time)]),
            (false, true) => fill(t.clock_off, &[("clock", &gate.device_time)]),
            (false, false) => String::new(),
        };
        way.step(
            check.scanned_at,
            t.scanned,
            format!("{} {scanned}", check.device).trim_end(),
        );
        way.mark(gate.is_estimated);
        way.step(check.arrived_at, t.arrived, "");
        let decision = outcome::name(check.decision, formats.language);
        way.step(check.decided_at, t.decided, decision);
        if let Some(barcode) = &gate.barcode {
            way.step(barcode.controlled_at, t.controlled, &barcode.barcode);
            way.handed(barcode.delivered_at, t.delivered, barcode.refused.as_ref());
        }
        if let Some(staged) = &sales.staged {
            let held = staged.state.held();
            let why = held.map(|reason| reason.name(formats.language));
            let why = why.map(|why| fill(t.held, &[("why", &why)]));
            way.step(staged.received_at, t.staged, why.unwrap_or_default());
            way.mark(held.is_some());
            if let Some(at) = staged.cancelled_at {
                way.step(at, t.cancel_staged, "");
            }
        }
        if let Some(sale) = &sales.sale {
            way.step(sale.file_created_at, t.file, &sale.file);
            way.step(sale.file_imported_at, t.imported, &sale.file);
            way.step(sale.order_created_at, t.ordered, &sale.order);
        }
        for line in &sales.lines {
            let what = match line.kind {
                LineKind::Sale => t.sale,
                LineKind::Cancellation => t.counter_sale,
            };
            let (amount, day) = (formats.money(line.amount), formats.day(line.business_day));
            way.step(line.booked_at, what, format!("{amount}, {day}"));
        }
        if let Some(declaration) = &gate.declaration {
            let detail = match (&declaration.disputed, declaration.declared_at) {
                (Some(said), _) => {
                    let why = outcome::told(said, formats.language);
                    fill(t.disputed, &[("why", &why)])
                }
                (None, None) => tried(declaration.attempts, declaration.due_at),
                (None, Some(_)) => String::new(),
            };
            way.step(declaration.declared_at, t.declared, detail);
            way.mark(declaration.disputed.is_some());
        }
        if let Some(cancelled) = &gate.cancellation {
            let why = outcome::told(&cancelled.cause, formats.language);
            way.step(cancelled.cancelled_at, t.cancelled, why);
            way.step(cancelled.arrived_at, t.cancel_heard, "");
            let refused = cancelled.refused.as_ref();
            way.handed(cancelled.delivered_at, t.cancel_delivered, refused);
        }
        if let Some(settled) = &gate.settlement {
            let values: [(&str, &dyn Display); 2] =
                [("note", &settled.note), ("name", &settled.by)];
            way.step(settled.at, t.settled, fill(t.settled_by, &values));
        }
        if let Some(give_back) = &gate.give_back {
            let detail = match give_back.told_at {
                None => tried(give_back.attempts, give_back.due_at),
                Some(_) => String::new(),
            };
            way.step(give_back.told_at, t.given_back, detail);
        }
        way.steps.sort_by_key(|step| (step.at.is_none(), step.at));
        way
    }

    fn step(
        &mut self,
        at: impl Into<Option<Timestamp>>,
        what: impl Into<String>,
        detail: impl ToString,
    ) {
        self.steps.push(Step {
            at: at.into(),
            what: what.into(),
            detail: detail.to_string(),
            bad: false,
        });
    }

    /// Whether the last step is a bad one.
    fn mark(&mut self, is_bad: bool) {
        if let Some(step) = self.steps.last_mut() {
            step.bad = is_bad;
        }
    }

    /// What was handed to ticketing, or what it said against it.
    fn handed(&mut self, at: Option<Timestamp>, what: &str, refused: Option<&String>) {
        let refusal = Texts::of(self.formats.language).refused;
        let refusal = refused.map(|why| fill(refusal, &[("why", why)]));
        self.step(at, refusal.unwrap_or_else(|| what.to_owned()), "");
        self.mark(refused.is_some());
    }
}

/// A check with all that gate and box office of this process made of it.
///
/// # Errors
/// [`PageError::NotFound`] if there is no gate here, or no such check.
pub(crate) async fn told(visit: &Visit, id: CheckId) -> Result<(History, Sales), PageError> {
    visit.gate()?;
    let gate = history(visit.db(), id).await?.ok_or(PageError::NotFound)?;
    let sales = match &gate.barcode {
        Some(barcode) if visit.office.box_office.is_some() => {
            boxoffice::history::history(visit.db(), barcode.barcode.clone()).await?
        }
        _ => Sales::default(),
    };
    Ok((gate, sales))
}

pub(crate) async fn show(visit: Visit, Id(id): Id<CheckId>) -> Answer {
    let told = told(&visit, id).await?;
    let names = SiteNames::read(visit.db()).await?;
    let linked = [told.0.follows, told.0.followed_by, told.0.repeats];
    let links = Links::read(&visit, &names, linked.into_iter().flatten()).await?;
    visit.page(&Page::new(visit.frame(), names, links, told))
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
            "Confirmed by ticketing",
            "STX_File imported",
            "OTI-1",
            "Sale booked",
            "taken back by the agent",
            "disputed: Pass not sold",
        ] {
            assert!(pages[0].contains(told), "{told}");
        }
        let title = "<title>Check of 14\u{a0}July\u{a0}2026, 09:00 ";
        assert!(pages.iter().all(|page| page.contains(title)));
        // Neither the card's number nor the barcode stands there whole.
        assert!(pages.iter().all(|page| !page.contains("00029975")));
    }
}
