//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let organisation = organisation();
    let mut wrong = Mistakes::one("currency", t.currency_wrong);
    wrong.add("zone", t.zone_wrong);
    let by_file = Managed::ByFile("site.toml".to_owned());
    let page = |frame| page(frame, Some(&organisation));
    html([
        page(frame.clone()),
        page(frame.wrong("", wrong)),
        page(frame.clone().managed_by(&by_file)),
    ])
}

fn organisation() -> Organisation {
    Organisation {
        institution: "VILLEN".parse().unwrap(),
        organisation: "VN<b>".parse().unwrap(),
        name: "Musées <b>".to_owned(),
        zone: USUAL_ZONE.parse().unwrap(),
        currency: USUAL_CURRENCY.to_owned(),
        language: Agents::Fr,
    }
}
