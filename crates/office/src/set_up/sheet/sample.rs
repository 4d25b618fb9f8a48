//! Sample data of these pages.

use super::*;
use crate::set_up::enrolment::sample::device;
use crate::tests::html;

fn states() -> Vec<DeviceState> {
    let fresh = DeviceState {
        tokens: 0,
        ..device("PDA02 <b>")
    };
    vec![device("PDA01"), fresh]
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let names = SiteNames::from(&crate::set_up::places::sample::site());
    let wrong = Some(Texts::of(frame.formats.language).none_chosen.to_owned());
    html([
        Page::new(frame.clone(), names.clone(), states(), None, None),
        Page::new(
            frame.clone(),
            names.clone(),
            states(),
            Some(BTreeSet::new()),
            wrong,
        ),
        Page::new(frame.clone(), names.clone(), Vec::new(), None, None),
    ])
}

pub(crate) fn sheet_samples(frame: &Frame) -> Vec<String> {
    let sheet = |is_single| Sheet {
        cards: (1..=3)
            .map(|n| Card {
                name: format!("<b> (PDA0{n})"),
                place: "VN_AUG_D1 – Musée <b>Auguste".to_owned(),
                code: "ABCD-EFGH".to_owned(),
                picture: qr_svg("https://gate.example.org/scan#enrol=ABCD-EFGH"),
            })
            .collect(),
        is_single,
        address: "https://gate.example.org/scan".to_owned(),
        expires_at: Timestamp::from_millis_clamped(1_784_019_600_000),
        warnings: Vec::new(),
        frame: frame.clone(),
    };
    html([sheet(false), sheet(true)])
}
