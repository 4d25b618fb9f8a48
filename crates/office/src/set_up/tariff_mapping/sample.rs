//! Sample data of this page.

use super::*;
use crate::set_up::catalogue::sample::present;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let (full, empty) = (present().catalogue, Catalogue::default());
    let mut without = full.clone();
    without.tariff_mappings.clear();
    without.tariffs.clear();
    let by_file = Managed::ByFile("catalogue.toml".to_owned());
    [
        (&Managed::Here, &full),
        (&Managed::Here, &without),
        (&Managed::Here, &empty),
        (&by_file, &full),
    ]
    .iter()
    .map(|(managed, catalogue)| {
        Page::new(frame.clone(), managed, catalogue)
            .render()
            .unwrap()
    })
    .collect()
}
