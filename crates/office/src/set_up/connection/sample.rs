//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let kept = StoredInterface {
        connection: Connection {
            url: "https://pass.example.org/api".to_owned(),
            username: "villeneuve <b>".to_owned(),
            ..Connection::default()
        },
        password: Some("secret".into()),
        ..StoredInterface::default()
    };
    let here = |frame| Page::new(frame, &kept);
    let by_file = Managed::ByFile("[otipass]".to_owned());
    html([
        Page {
            instead: Some("<b>".to_owned()),
            ..here(frame.wrong("", Mistakes::one("url", "It is <b>.")))
        },
        here(frame.clone()),
        here(frame.clone().managed_by(&by_file)),
        here(frame.wrong("", Mistakes::one("budget", t.budget_wrong))),
        Page {
            answer: Some(("bad", format!("{} <b>", t.badly))),
            former: Some("https://<b>".to_owned()),
            ..here(frame.clone())
        },
        Page {
            answer: Some(("good", t.well.to_owned())),
            ..here(frame.clone())
        },
    ])
}
