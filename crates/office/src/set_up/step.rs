//! The steps of the set-up in their order: museums own the text of the mapping
//! parameters, and much of the rest is proposed by it.

use crate::page::*;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    number: "étape {n} sur {all}", "step {n} of {all}";
    back: "Précédente :", "Back:";
    next: "Suivante :", "Next:";
    devices_step: "Remettre le premier scanner", "Hand out the first scanner";
    organisation_why: "Qui vous êtes, et à quelle heure commence un jour.", "Who you are, and when a day begins.";
    doors_why: "Où l’on entre, et quel scanner se trouve où.", "Where people come in, and which scanner is where.";
    connection_why: "L’adresse et les accès qu’Otipass vous a donnés, essayés aussitôt.",
        "The address and credentials that Otipass gave you, tried at once.";
    mapping_why: "Le texte JSON que vous avez déjà, collé tel quel.", "The JSON text that you have already, pasted as it is.";
    catalogue_why: "La saison, les produits Open Pass et leurs tarifs.", "The season, the Open Pass products and their tariffs.";
    tariff_mapping_why: "Ce que vend chaque entrée.", "What each admission sells.";
    buyer_why: "Le canal OTIPASS, et le contact qui paie plus tard.", "The channel OTIPASS, and the contact that pays later.";
    test_card_why: "Une vraie entrée, de la lecture à la commande.", "A real admission, from scan to order.";
    devices_why: "Un code QR fait d’un téléphone ou d’un terminal un scanner.", "A QR code makes a phone or handheld a scanner.";
});

/// All of them.
pub(super) const STEPS: [Address; 9] = [
    access::ORGANISATION,
    access::CONNECTION,
    access::MAPPING,
    access::PLACES,
    access::CATALOGUE,
    access::TARIFF_MAPPING,
    access::BUYER,
    access::TEST_CARD,
    access::DEVICES,
];

/// What a step is called, and what it is good for.
pub(crate) fn words(step: Address, language: Language) -> (&'static str, &'static str) {
    let t = Texts::of(language);
    match step {
        access::ORGANISATION => (t.organisation_step, t.organisation_why),
        access::CONNECTION => (t.connection, t.connection_why),
        access::MAPPING => (t.mapping, t.mapping_why),
        access::PLACES => (t.doors, t.doors_why),
        access::CATALOGUE => (t.catalogue, t.catalogue_why),
        access::TARIFF_MAPPING => (t.tariff_mapping, t.tariff_mapping_why),
        access::BUYER => (t.buyer, t.buyer_why),
        access::TEST_CARD => (t.test_card, t.test_card_why),
        _ => (t.devices_step, t.devices_why),
    }
}

/// Above the page of a step: which one it is, and the way to its neighbours.
#[derive(Template)]
#[template(path = "step.html")]
pub(crate) struct Bar {
    number: String,
    back: Option<(Address, &'static str)>,
    next: Option<(Address, &'static str)>,
    t: &'static Texts,
}

impl HtmlSafe for Bar {}

impl Bar {
    pub(crate) fn of(frame: &Frame, step: Address) -> Self {
        let t = Texts::of(frame.formats.language);
        let at = STEPS.iter().position(|one| *one == step);
        let at = at.unwrap_or_default();
        let (n, all) = (at + 1, STEPS.len());
        let named = |step: &Address| (*step, words(*step, frame.formats.language).0);
        let may_look = |step: &&Address| frame.may_look(*step);
        let before = STEPS.iter().take(at).rev().find(may_look);
        let behind = STEPS.iter().skip(n).find(may_look);
        Self {
            number: fill(t.number, &[("n", &n), ("all", &all)]),
            back: before.map(named),
            next: behind.map(named),
            t,
        }
    }
}
