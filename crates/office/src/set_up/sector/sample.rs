//! Sample data of this page.

use super::*;
use askama::Template;

pub(crate) fn new_samples(frame: &Frame) -> Vec<String> {
    let site = crate::set_up::places::sample::site();
    let t = Texts::of(frame.formats.language);
    let entered = Entered::parse(b"code=<b>&name=<b>&door=<b>&device=<b>");
    [
        (Entered::default(), Mistakes::default()),
        (entered, Mistakes::one("device", t.device_taken)),
    ]
    .into_iter()
    .map(|(entered, mistakes)| {
        new_page(frame.clone(), &site, &entered, mistakes)
            .render()
            .unwrap()
    })
    .collect()
}

pub(crate) fn one_samples(frame: &Frame) -> Vec<String> {
    let site = crate::set_up::places::sample::site();
    let file = Some("site.toml");
    let cases = [
        ("VN_AUG", None),
        ("VN_RAY", None),
        ("VN_RAY", file),
        ("EMPTY", None),
    ];
    let render = |(code, file): (&str, Option<&str>)| {
        let code = code.parse().unwrap();
        let none = Mistakes::default();
        let page = one_page(frame.clone(), file, &site, &code, "Rayonnages <b>", none);
        page.render().unwrap()
    };
    cases.into_iter().map(render).collect()
}
