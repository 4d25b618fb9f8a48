//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let connection = Connection {
        url: "https://pass.example.org/api".to_owned(),
        username: "villeneuve <b>".to_owned(),
        ..Connection::default()
    };
    let page = |file, mistakes, answer| {
        let shown = (&connection, "1500");
        Page::new(frame.clone(), file, shown, (true, false), mistakes, answer)
    };
    let mut wrong = page(None, Mistakes::one("url", "It is <b>."), None);
    wrong.instead = Some((fill(t.instead, &[("url", "<b>")]), "<b>".to_owned()));
    html([
        wrong,
        page(None, Mistakes::default(), None),
        page(Some("[otipass]"), Mistakes::default(), None),
        page(None, Mistakes::one("budget", t.budget_wrong), None),
        page(None, Mistakes::default(), Some(("good", t.well.to_owned()))),
    ])
}
