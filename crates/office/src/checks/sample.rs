//! Sample data of this page.

use super::*;
use crate::tests::html;

/// Checks for pages with sample data.
pub(crate) fn checks() -> Vec<CheckLine> {
    let one = |n: u32, outcome: &str, mode, cancelled| {
        let at: Timestamp = "2026-07-14T07:00:00.114Z".parse().unwrap();
        CheckLine {
            id: format!("1d426cfd-51d7-490e-9ba3-{n:012}").parse().unwrap(),
            device: "PDA01".parse().unwrap(),
            mode,
            direction: Direction::Entry,
            scanned_at: at,
            arrived_at: at.plus_ms(31),
            decided_at: at.plus_ms(144),
            decision: outcome.parse().unwrap(),
            card: (n != 3).then(|| "00029975".parse().unwrap()),
            sector: (n != 3).then(|| "VN_AUG".parse().unwrap()),
            cancelled,
        }
    };
    [
        one(1, "accepted", Mode::Online, true),
        one(2, "already_used", Mode::Online, false),
        one(3, "not_a_pass", Mode::Offline, false),
    ]
    .into()
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let nothing = Entered::default();
    let names = SiteNames::from(&crate::set_up::places::sample::site());
    let place = "1784012400145_1d426cfd-51d7-490e-9ba3-000000000114".to_owned();
    let full =
        format!("device=PDA01&outcome=accepted&from=2026-07-01&to=2026-07-14&before={place}");
    let full = Entered::parse(full.as_bytes());
    html([
        Page::new(frame.clone(), &full, names.clone(), checks(), Some(place)),
        Page::new(frame.clone(), &nothing, names, Vec::new(), None),
    ])
}

pub(crate) fn card_samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let nothing = Entered::default();
    let wrong = frame.wrong("", Mistakes::one("card", t.card_wrong));
    let names = SiteNames::default();
    let wrong = Page::new(wrong, &nothing, names.clone(), Vec::new(), None);
    html([
        Page {
            of_card: Some("00029975".parse().unwrap()),
            ..Page::new(frame.clone(), &nothing, names, checks(), None)
        },
        wrong,
    ])
}
