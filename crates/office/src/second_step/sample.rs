//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let wrong = Texts::of(frame.formats.language).code_wrong;
    [Mistakes::default(), Mistakes::one("code", wrong)]
        .into_iter()
        .map(|mistakes| {
            Page::new(frame.clone(), access::TODAY.path, mistakes)
                .render()
                .unwrap()
        })
        .collect()
}
