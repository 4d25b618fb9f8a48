//! Sample data of this page.

use super::*;
use crate::set_up::catalogue::sample::present;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let (full, empty) = (present().catalogue, Catalogue::default());
    let mut wrong = full.clone();
    wrong.contacts[0].payment_modes.clear();
    wrong.sales_channels[0].channel_type = "B2B".into();
    let by_file = Managed::ByFile("catalogue.toml".to_owned());
    let none = Mistakes::default;
    let mistake = Mistakes::one(
        "contact_number",
        Texts::of(frame.formats.language).contact_none,
    );
    [
        (&Managed::Here, &full, none()),
        (&Managed::Here, &wrong, none()),
        (&Managed::Here, &empty, mistake),
        (&by_file, &full, none()),
    ]
    .into_iter()
    .map(|(managed, catalogue, mistakes)| {
        let entered = Entered::default();
        Page::new(frame.clone(), managed, catalogue, &entered, mistakes)
            .render()
            .unwrap()
    })
    .collect()
}
