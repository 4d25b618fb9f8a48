//! Sample data of this page.

use super::*;
use crate::set_up::catalogue::sample::present;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let (full, empty) = (present().catalogue, Catalogue::default());
    let mut wrong = full.clone();
    wrong.contacts[0].payment_modes.clear();
    wrong.sales_channels[0].channel_type = "B2B".into();
    let by_file = Managed::ByFile("catalogue.toml".to_owned());
    let text = Texts::of(frame.formats.language).number_none;
    let mistaken = frame.wrong("", Mistakes::one("contact_number", text));
    html([
        Page::new(frame.clone(), &full),
        Page::new(frame.clone(), &wrong),
        Page::new(mistaken, &empty),
        Page::new(frame.clone().managed_by(&by_file), &full),
    ])
}
