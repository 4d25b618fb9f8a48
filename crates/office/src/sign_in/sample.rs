//! Sample data of this page.

use super::*;

fn sample(frame: &Frame, mistakes: Mistakes) -> String {
    Page::new(
        frame.clone(),
        "camille",
        access::TODAY.path,
        Some("Museum"),
        mistakes,
    )
    .render()
    .unwrap()
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    vec![
        sample(frame, Mistakes::default()),
        sample(frame, Mistakes::one("login", t.wrong)),
    ]
}
