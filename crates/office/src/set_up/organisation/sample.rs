//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let (organisation, entered) = (organisation(), Entered::default());
    let mut wrong = Mistakes::one("currency", t.currency_wrong);
    wrong.add("zone", t.zone_wrong);
    let page = |file, mistakes| page(frame.clone(), file, Some(&organisation), &entered, mistakes);
    html([
        page(None, Mistakes::default()),
        page(None, wrong),
        page(Some("site.toml"), Mistakes::default()),
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
