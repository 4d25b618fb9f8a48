//! The steps of the set-up in their order: museums own the text of the mapping
//! parameters, and much of the rest is proposed by it.

use crate::page::*;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    number: "étape {n} sur {all}", "step {n} of {all}";
    back: "Précédente :", "Back:";
    next: "Suivante :", "Next:";
    devices_step: "Remettre le premier scanner", "Hand out the first scanner";
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

/// What a step is called.
pub(super) fn name(step: Address, language: Language) -> &'static str {
    let t = Texts::of(language);
    match step {
        access::ORGANISATION => t.organisation_step,
        access::CONNECTION => t.connection,
        access::MAPPING => t.mapping,
        access::PLACES => t.doors,
        access::CATALOGUE => t.catalogue,
        access::TARIFF_MAPPING => t.tariff_mapping,
        access::BUYER => t.buyer,
        access::TEST_CARD => t.test_card,
        _ => t.devices_step,
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
        let named = |step: &Address| (*step, name(*step, frame.formats.language));
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
