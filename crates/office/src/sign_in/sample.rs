//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let t = Texts::of(frame.formats.language);
    let entered = [Mistakes::default(), Mistakes::one("login", t.wrong)];
    html(entered.map(|mistakes| {
        let frame = frame.wrong("login=camille", mistakes);
        Page::new(frame, access::TODAY.path, Some("Museum"))
    }))
}
