//! Sample data of this page.

use super::*;
use askama::Template;

pub(crate) fn new_samples(frame: &Frame) -> Vec<String> {
    let site = crate::set_up::places::sample::site();
    let t = Texts::of(frame.formats.language);
    [
        (Entered::parse(b"door=VN_AUG_D1"), Mistakes::default()),
        (
            Entered::parse(b"code=<b>"),
            Mistakes::one("door", t.choose_one),
        ),
    ]
    .into_iter()
    .map(|(entered, mistakes)| {
        let page = new_page(frame.clone(), &site, &entered, mistakes);
        page.render().unwrap()
    })
    .collect()
}
