//! Sample data of this page.

use super::*;
use crate::set_up::catalogue::sample::present;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let (full, empty) = (present().catalogue, Catalogue::default());
    let mut without = full.clone();
    without.tariff_mappings.clear();
    without.tariffs.clear();
    let by_file = Managed::ByFile("catalogue.toml".to_owned());
    let here = [&full, &without, &empty].map(|catalogue| (&Managed::Here, catalogue));
    let all = here.into_iter().chain([(&by_file, &full)]);
    html(all.map(|(managed, catalogue)| Page::new(frame.clone().managed_by(managed), catalogue)))
}
