//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let site = site();
    let enrolled = site.devices.keys().cloned().collect();
    let nobody = BTreeSet::new();
    let bare = Site {
        sectors: Default::default(),
        doors: Default::default(),
        devices: Default::default(),
        ..site.clone()
    };
    let by_file = Managed::ByFile("site.toml".to_owned());
    let by_file = frame.clone().managed_by(&by_file);
    html([
        Page::new(frame.clone(), Some(&site), &enrolled, None),
        Page::new(by_file, Some(&site), &nobody, None),
        Page::new(frame.clone(), None, &nobody, None),
        Page {
            wanted: vec!["VN_NEW".parse().unwrap(), "<b>".parse().unwrap()],
            ..Page::new(frame.clone(), Some(&bare), &nobody, None)
        },
    ])
}

/// A site with one of everything, and every mistake.
pub(crate) fn site() -> Site {
    gate::read_site(
        r#"
institution = "VILLEN"
organisation = "VILLEN"
name = "Villeneuve"
timezone = "Europe/Paris"
currency = "EUR"
sector = [
    { code = "VN_AUG", name = "Musée Auguste <b>" },
    { code = "VN_RAY", name = "Rayonnages" },
    { code = "EMPTY", name = "Sans porte" },
]
door = [
    { code = "VN_AUG_D1", name = "Grande entrée <b>", sectors = ["VN_AUG"] },
    { code = "VN_RAY_D1", sectors = ["VN_RAY"] },
    { code = "<b>", sectors = ["VN_RAY"] },
    { code = "NOWHERE", sectors = [] },
    { code = "EVERYWHERE", sectors = ["VN_AUG", "VN_RAY"] },
]
device = [
    { code = "PDA01", name = "Guichet <b>", door = "VN_AUG_D1", language = "de" },
    { code = "<b>/7", door = "VN_RAY_D1" },
    { code = "T1", door = "NOWHERE" },
]
"#,
    )
    .0
    .unwrap()
}
