//! Sample data of this page.

use super::*;
use crate::set_up::enrolment::sample::device;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let fresh = DeviceState {
        seen_at: None,
        mode: None,
        tokens: 0,
        ..device("PDA02 <b>")
    };
    let devices = vec![device("PDA01"), fresh];
    let many: Vec<_> = (0..=ROWS).map(|n| device(&format!("PDA{n:03}"))).collect();
    let pages = [(devices, None), (many, Some("PDA000")), (Vec::new(), None)];
    let names = SiteNames::from(&crate::set_up::places::sample::site());
    crate::tests::html(pages.map(|(devices, after)| {
        let names = if devices.is_empty() {
            SiteNames::default()
        } else {
            names.clone()
        };
        Page::new(frame.clone(), devices, names, after)
    }))
}
