//! A test card on its whole way: the same check, control barcode, delivery and
//! sale as a visitor's, and taken back afterwards by the same cancellation.

#[cfg(test)]
pub(crate) mod sample;

use super::connection::server_of;
use super::site_change::site;
use super::step::Bar;
use crate::Missing;
use crate::checks::story::{Way, told};
use crate::office::Office;
use crate::page::*;
use boxoffice::history::History as Sales;
use gate::records::history::History;
use gate::{Admission, CancelError, Cancellation, CheckError, Direction, Reason, Scan, Sending};
use kernel::CancellationId;
use std::fmt::Display;
use std::sync::Arc;
use tokio::time::{interval, timeout};
use uuid::Uuid;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Une vraie entrée, de la lecture à la commande, comme celle d’un visiteur. Vous pourrez l’annuler ensuite.",
        "A real admission, from scan to order, like a visitor’s. You can take it back afterwards.";
    not_ready: "Il manque encore : {what}. Revenez ensuite.", "Still missing: {what}. Come back then.";
    no_site: "l’organisation et un appareil", "the organisation and a device";
    no_connection: "la connexion à Otipass", "the connection to Otipass";
    no_mapping: "les paramètres de correspondance", "the mapping parameters";
    no_gate: "le service qui contrôle (celui-ci ne le fait pas)", "the service that checks (this one does not)";
    device: "À l’appareil", "At the device";
    card: "Numéro ou code de la carte", "Number or code of the card";
    card_hint: "Une carte qu’Otipass vous a donnée pour les essais.", "A card that Otipass gave you for trying.";
    stand_in: "L’Otipass de remplacement montre ses cartes d’exemple ici :", "The stand-in Otipass shows its sample cards here:";
    card_none: "Entrez le numéro de la carte, ou lisez-la avec un lecteur.",
        "Enter the card’s number, or read it with a scanner.";
    go: "Contrôler cette carte", "Check this card";
    again: "Essayer une autre carte", "Try another card";
    result: "Essai de la carte {card}", "Trial of card {card}";
    result_at: "Essai du {at}", "Trial of {at}";
    sold: "Tout marche : le visiteur est admis, et l’entrée est vendue par la commande {order}, {price}, au tarif {tariff}.",
        "It all works: the card was admitted, and its entry is sold by order {order}, {price}, at tariff {tariff}.";
    refused: "Le visiteur n’est pas admis : {why}. Le contrôle marche ; essayez une carte qui doit être admise.",
        "The card was not admitted: {why}. The check works; try a card that should be admitted.";
    not_admitted: "Le visiteur n’est pas admis : {why}. Regardez la connexion à Otipass, puis réessayez.",
        "The card was not admitted: {why}. Look at the connection to Otipass, then try again.";
    not_recognised: "Le visiteur n’est pas admis : {why}. Otipass n’a pas été interrogé ; regardez l’appareil, sa porte et les paramètres de correspondance.",
        "The card was not admitted: {why}. Otipass was not asked; look at the device, its door and the mapping parameters.";
    unverified: "Le visiteur est admis sans qu’Otipass ait répondu : la règle pour ce cas laisse entrer. Le contrôle n’est donc pas prouvé ; regardez la connexion à Otipass, annulez cette entrée, puis réessayez.",
        "The card was admitted without an answer of Otipass: the rule for that case lets people in. So the check is not proven; look at the connection to Otipass, take this entry back, then try again.";
    no_pass: "Ce n’est pas un numéro de pass : sa longueur ou son chiffre de contrôle ne va pas. Otipass n’a pas été interrogé ; comparez avec le numéro imprimé sur la carte.",
        "This is no number of a pass: its length or its check digit is not right. Otipass was not asked; compare it with the number printed on the card.";
    held: "Le visiteur est admis, mais son entrée ne peut pas encore être vendue : {why}. Elle le sera d’elle-même une fois la cause levée.",
        "The card was admitted, but its entry cannot be sold yet: {why}. It will be by itself once the cause is cured.";
    on_its_way: "Le visiteur est admis ; la vente est en route. Rechargez la page dans un instant.",
        "The card was admitted; the sale is on its way. Load the page again in a moment.";
    elsewhere: "Le visiteur est admis et la billetterie a pris son entrée. La vente se fait là-bas, pour de bon : annulez l’entrée ici, puis vérifiez là-bas que la vente a disparu.",
        "The card was admitted, and ticketing took its entry. It is sold there, for real: take the entry back here, then see there that the sale is gone.";
    taken_back: "Cette entrée d’essai est annulée.", "This test entry was taken back.";
    story: "Tout ce qui est su de ce contrôle", "All that is known of this check";
    take_back: "Annuler cette entrée d’essai", "Take this test entry back";
    take_back_why: "Annulez cette entrée dans les 15 minutes : sinon, elle compte comme une visite, et Otipass la paie.",
        "Take this entry back within 15 minutes; otherwise it counts as a visit, and Otipass pays for it.";
    too_late: "Trop tard : une entrée s’annule dans les 15 minutes, une fois.",
        "Too late: an entry can be taken back within 15 minutes, once.";
    otipass_pending: "Otipass ne répond pas et a peut-être compté cette entrée. Essayez la même carte plus tard.",
        "Otipass does not answer, and may have counted this entry. Try the same card later.";
    place: "{device} : {sector}", "{device}: {sector}";
    next: "Ensuite : donner un scanner à quelqu’un", "Next: hand out the first scanner";
});

/// How long the way to ticketing may take before the page comes without it.
const PATIENCE: Duration = Duration::from_secs(6);
/// How often it is looked whether the barcode has arrived.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Template)]
#[template(path = "test_card.html")]
struct Page {
    not_ready: Option<String>,
    stand_in: Option<String>,
    inputs: Vec<Input>,
    frame: Frame,
}

/// What the test lacks, in words.
fn lacks(t: &Texts, office: &Office) -> Option<String> {
    if office.gate.is_some() {
        return None;
    }
    let missing = office.missing.iter().map(|missing| match missing {
        Missing::Site => t.no_site,
        Missing::Connection => t.no_connection,
        Missing::Mapping => t.no_mapping,
    });
    let mut missing: Vec<_> = missing.collect();
    if missing.is_empty() {
        missing.push(t.no_gate);
    }
    Some(fill(t.not_ready, &[("what", &missing.join(", "))]))
}

/// Where the stand-in Otipass shows its cards, if that is what is connected: a
/// museum's Otipass is on no loopback address.
fn stand_in(url: &str) -> Option<String> {
    let (scheme, authority, is_here) = server_of(url)?;
    is_here.then(|| format!("{scheme}://{authority}/"))
}

/// Devices that lead to one sector, else all of them.
fn devices(t: &Texts, site: &Site) -> Vec<(String, String)> {
    let (led, astray): (Vec<_>, Vec<_>) =
        (site.devices.keys()).partition(|code| site.sector_of(code).is_some());
    let names = SiteNames::from(site);
    let named = |code: &DeviceCode| {
        let (name, sector) = (names.devices.of(code), site.sector_of(code));
        let place = sector.map(|sector| {
            let sector = names.sectors.of(sector);
            fill(t.place, &[("device", &name), ("sector", &sector)])
        });
        (code.to_string(), place.unwrap_or(name))
    };
    let shown = if led.is_empty() { astray } else { led };
    shown.into_iter().map(named).collect()
}

impl Page {
    fn new(frame: Frame, not_ready: Option<String>, site: Option<&Site>, url: &str) -> Self {
        let t = Texts::of(frame.formats.language);
        let devices = site.map(|site| devices(t, site)).unwrap_or_default();
        Self {
            stand_in: stand_in(url),
            inputs: frame.filled([
                Input::text("card", t.card, "").hint(t.card_hint).focus(),
                Input::choice("device", t.device, "", devices),
            ]),
            not_ready,
            frame,
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let site = site(&visit).await?;
    let url = gate::site::interface::read(visit.db())
        .await?
        .connection
        .url;
    let lacks = lacks(Texts::of(visit.language), &visit.office);
    visit.page(&Page::new(visit.frame(), lacks, site.as_ref(), &url))
}

pub(crate) async fn run(visit: Visit, entered: Entered) -> Answer {
    let t = Texts::of(visit.language);
    let Some(gate) = visit.office.gate.clone() else {
        return show(Visit { entered, ..visit }).await;
    };
    let again = |visit: Visit, entered, field, why: String| {
        show(visit.wrong(entered, Mistakes::one(field, why)))
    };
    let Some(code) = entered.some("card").map(str::to_owned) else {
        return again(visit, entered, "card", t.card_none.to_owned()).await;
    };
    let Some(device) = entered.read::<DeviceCode>("device") else {
        return again(visit, entered, "device", t.no_site.to_owned()).await;
    };
    let id = CheckId::from_uuid(Uuid::new_v4());
    let checked = Change::done("test_card.checked", "check", id);
    let checked = checked.to(json!({ "device": device.to_string() }));
    visit.staff().note(&visit.actor()?, checked).await?;
    // The device itself may be switched off.
    gate.devices.note_test(id).await?;
    let scan = Scan {
        id,
        device,
        code,
        device_time: gate.now().into(),
        direction: Direction::Entry,
        forced_note: None,
    };
    match gate.deciding.check(scan, Sending::default()).await {
        Ok((check, _)) if check.decision.is_admitted() => {
            // Should it take longer, it goes on by itself, and the page says so.
            if let Ok(carried) = timeout(PATIENCE, carried_and_sold(&visit, id)).await {
                carried?;
            }
        }
        Ok(_) => {}
        Err(CheckError::Refused(error)) => {
            return again(visit, entered, "card", error.to_string()).await;
        }
        Err(CheckError::StaysOpen(_)) => {
            return again(visit, entered, "", t.otipass_pending.to_owned()).await;
        }
        Err(error) => return Err(PageError::internal(error)),
    }
    Ok(visit.go(access::TESTED.of(id)))
}

/// Waits until ticketing has the entry, and sells it at once, without the next
/// run's wait.
async fn carried_and_sold(visit: &Visit, id: CheckId) -> Result<(), PageError> {
    let db = &visit.office.db;
    let mut looks = interval(LOOK);
    loop {
        looks.tick().await;
        let history = gate::records::history::history(db, id).await?;
        let barcode = history.and_then(|history| history.barcode);
        if barcode.is_none_or(|b| b.delivered_at.is_some() || b.refused.is_some()) {
            break;
        }
    }
    if let Some(box_office) = &visit.office.box_office {
        let sold = box_office.run_external_sales().await;
        sold.map_err(PageError::internal)?;
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "test_card_result.html")]
struct Outcome {
    title: String,
    verdict: (&'static str, String),
    id: CheckId,
    way: Way,
    /// Whether it can still be taken back.
    counts: bool,
    is_on_its_way: bool,
    frame: Frame,
}

impl Outcome {
    fn new(frame: Frame, gate: &History, sales: &Sales, has_box_office: bool) -> Self {
        let formats = &frame.formats;
        let t = Texts::of(formats.language);
        let name = outcome::name(gate.check.decision, formats.language);
        let why = |text: &str, why: &str| fill(text, &[("why", &why)]);
        let delivered = gate
            .barcode
            .as_ref()
            .is_some_and(|b| b.delivered_at.is_some());
        let mut is_on_its_way = false;
        let held = sales.staged.as_ref().and_then(|s| s.state.held());
        let verdict = match (gate.check.decision, &sales.sale, held) {
            _ if gate.check.cancelled => ("good", t.taken_back.to_owned()),
            (Decision::Refused(Reason::NotAPass), ..) => ("bad", t.no_pass.to_owned()),
            // Any number that could be a pass comes this far.
            (Decision::Admitted(Admission::AcceptedUnverified), ..) => {
                ("bad", t.unverified.to_owned())
            }
            (Decision::Refused(reason), ..) => {
                let text = match reason {
                    Reason::Partner(_) => t.refused,
                    Reason::PartnerUnavailable => t.not_admitted,
                    _ => t.not_recognised,
                };
                ("bad", why(text, name))
            }
            (_, Some(sale), _) => {
                let price = formats.money(sale.price);
                let values: [(&str, &dyn Display); 3] = [
                    ("order", &sale.order),
                    ("price", &price),
                    ("tariff", &sale.tariff),
                ];
                ("good", fill(t.sold, &values))
            }
            (_, None, Some(held)) => ("bad", why(t.held, held.name(formats.language))),
            _ if delivered && !has_box_office => ("good", t.elsewhere.to_owned()),
            _ => {
                is_on_its_way = true;
                ("wait", t.on_its_way.to_owned())
            }
        };
        let title = match &gate.check.card {
            Some(card) => fill(t.result, &[("card", card)]),
            None => fill(
                t.result_at,
                &[("at", &formats.moment(gate.check.scanned_at))],
            ),
        };
        Self {
            title,
            id: gate.check.id,
            way: Way::of(formats, gate, sales),
            counts: gate.check.decision.is_admitted() && !gate.check.cancelled,
            is_on_its_way,
            verdict,
            frame,
        }
    }
}

pub(crate) async fn show_outcome(visit: Visit, Id(id): Id<CheckId>) -> Answer {
    let (gate, sales) = told(&visit, id).await?;
    let has_box_office = visit.office.box_office.is_some();
    visit.page(&Outcome::new(visit.frame(), &gate, &sales, has_box_office))
}

pub(crate) async fn take_back(visit: Visit, Id(id): Id<CheckId>) -> Answer {
    let check = told(&visit, id).await?.0.check;
    let gate = Arc::clone(visit.gate()?);
    let cancellation = Cancellation {
        cause: None,
        id: CancellationId::from_uuid(Uuid::new_v4()),
        check_id: check.id,
        device: check.device,
        device_time: gate.now().into(),
        sending: Sending::default(),
    };
    let note = async |what| {
        let change = Change::done(what, "check", check.id);
        Ok::<_, PageError>(visit.staff().note(&visit.actor()?, change).await?)
    };
    note("test_card.take_back_begun").await?;
    match gate.deciding.cancel(cancellation).await {
        Ok(_) => {}
        Err(CancelError::NotCancellable(..)) => {
            let late = Mistakes::one("", Texts::of(visit.language).too_late);
            return show_outcome(visit.wrong(Entered::default(), late), Id(id)).await;
        }
        Err(error) => return Err(PageError::internal(error)),
    }
    note("test_card.taken_back").await?;
    Ok(visit.go_with(access::TESTED.of(id), Flash::Saved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_this_machine_is_a_stand_in() {
        let cards = Some("http://127.0.0.1:8490/".to_owned());
        assert_eq!(stand_in("http://127.0.0.1:8490/api"), cards);
        for url in [
            "",
            "https://pass.example.org/api",
            "http://127.0.0.1.example.org/api",
        ] {
            assert_eq!(stand_in(url), None, "{url}");
        }
    }

    #[test]
    fn what_otipass_did_not_answer_is_not_called_working() {
        let frame = Frame::sample(Language::En, None);
        let histories = crate::checks::story::sample::histories(&frame);
        let (mut gate, sales) = histories
            .into_iter()
            .find(|(_, sales)| sales.sale.is_some())
            .unwrap();
        gate.check.cancelled = false;
        let said = |gate: &History| Outcome::new(frame.clone(), gate, &sales, true).verdict;
        gate.check.decision = Decision::Admitted(Admission::Accepted);
        assert_eq!(said(&gate).0, "good");
        gate.check.decision = Decision::Admitted(Admission::AcceptedUnverified);
        let (kind, text) = said(&gate);
        assert!(
            kind == "bad" && text.contains("connection to Otipass"),
            "{text}"
        );
        gate.check.decision = Decision::Refused(Reason::NotAPass);
        assert!(said(&gate).1.contains("check digit"));
        let title = |gate: &History| Outcome::new(frame.clone(), gate, &sales, true).title;
        assert_eq!(title(&gate), "Trial of card …975");
        gate.check.card = None;
        assert_eq!(title(&gate), "Trial of 14\u{a0}July\u{a0}2026, 09:00");
    }
}
