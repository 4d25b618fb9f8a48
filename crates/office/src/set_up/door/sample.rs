//! Sample data of this page.

use super::*;
use askama::Template;

pub(crate) fn new_samples(frame: &Frame) -> Vec<String> {
    let site = crate::set_up::places::sample::site();
    let t = Texts::of(frame.formats.language);
    [
        (Entered::parse(b"sector=VN_AUG"), Mistakes::default()),
        (
            Entered::parse(b"code=<b>"),
            Mistakes::one("sector", t.choose_one),
        ),
    ]
    .into_iter()
    .map(|(entered, mistakes)| {
        let page = new_page(frame.clone(), &site, &entered, mistakes);
        page.render().unwrap()
    })
    .collect()
}

pub(crate) fn one_samples(frame: &Frame) -> Vec<String> {
    let site = crate::set_up::places::sample::site();
    let cases = [
        ("VN_AUG_D1", "VN_AUG", None),
        ("EVERYWHERE", "", None),
        ("NOWHERE", "", Some("site.toml")),
    ];
    let render = |(code, chosen, file): (&str, &str, Option<&str>)| {
        let code = code.parse().unwrap();
        let none = Mistakes::default();
        let page = one_page(frame.clone(), file, &site, &code, chosen, none);
        page.render().unwrap()
    };
    cases.into_iter().map(render).collect()
}
