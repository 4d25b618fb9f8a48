//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let missing = fill(t.not_ready, &[("what", t.no_mapping)]);
    let page = |not_ready, mistakes| {
        let url = "http://127.0.0.1:8490/api";
        Page::new(
            frame.clone(),
            not_ready,
            None,
            url,
            &Entered::default(),
            mistakes,
        )
    };
    html([
        page(None, Mistakes::default()),
        page(None, Mistakes::one("card", t.card_none)),
        page(Some(missing), Mistakes::default()),
    ])
}

pub(crate) fn outcome_samples(frame: &Frame) -> Vec<String> {
    let mut histories = crate::checks::story::sample::histories(frame);
    for (gate, _) in &mut histories {
        // As a page shows them before anything is taken back.
        gate.check.cancelled = false;
    }
    histories
        .iter()
        .map(|(gate, sales)| {
            Outcome::new(frame.clone(), gate, sales, true)
                .render()
                .unwrap()
        })
        .collect()
}
