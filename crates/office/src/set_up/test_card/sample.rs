//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let missing = fill(t.not_ready, &[("what", &t.no_mapping)]);
    let page = |frame, not_ready| Page::new(frame, not_ready, None, "http://127.0.0.1:8490/api");
    html([
        page(frame.clone(), None),
        page(frame.wrong("", Mistakes::one("card", t.card_none)), None),
        page(frame.clone(), Some(missing)),
    ])
}

pub(crate) fn outcome_samples(frame: &Frame) -> Vec<String> {
    let mut histories = crate::checks::story::sample::histories(frame);
    for (gate, _) in &mut histories {
        // As a page shows them before anything is taken back.
        gate.check.cancelled = false;
    }
    let told = histories.iter();
    html(told.map(|(gate, sales)| Outcome::new(frame.clone(), gate, sales, true)))
}
